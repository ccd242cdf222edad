import type { Language } from './taxonomy';
import { LANGUAGES } from './texts';

export function LanguageSwitch({ label, language, choose }: {
  label: string; language: Language; choose: (language: Language) => void;
}) {
  return (
    <div class="switch" role="group" aria-label={label}>
      {LANGUAGES.map((other) => (
        <button type="button" key={other} aria-pressed={other === language}
          onClick={() => choose(other)}>{other.toUpperCase()}</button>
      ))}
    </div>
  );
}
