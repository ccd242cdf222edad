/** What the wall, the history and the figures are narrowed by. */
import type { ComponentChildren } from 'preact';

export function Choice({ label, value, options, choose }: {
  label: string; value: string; options: (readonly [value: string, word: string])[];
  choose: (value: string) => void;
}) {
  return (
    <label class="choice">
      <span>{label}</span>
      <select value={value} onChange={(event) => choose(event.currentTarget.value)}>
        {options.map(([option, word]) => <option key={option} value={option}>{word}</option>)}
      </select>
    </label>
  );
}

export function Field({ label, value, placeholder, change }: {
  label: string; value: string; placeholder?: string; change: (value: string) => void;
}) {
  return (
    <label class="choice">
      <span>{label}</span>
      <input type="search" value={value} placeholder={placeholder} autocomplete="off"
        onInput={(event) => change(event.currentTarget.value)} />
    </label>
  );
}

export function FilterBar({ label, children }: { label: string; children: ComponentChildren }) {
  return <form class="filters" role="search" aria-label={label} onSubmit={(event) => event.preventDefault()}>{children}</form>;
}
