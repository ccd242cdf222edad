import type { ComponentChildren } from 'preact';
import type { Words } from '../shared/texts';
import type { SummaryEvent } from '../shared/wire';
import type { PageContext } from './main';

export function SummaryView({ summary, context }: { summary: SummaryEvent; context: PageContext }) {
  const { texts, words, language } = context;
  const { cost } = summary;
  return (
    <section class="panel summary">
      <h3>{texts.summary}: {words.outcomes[summary.outcome ?? 'none']}</h3>
      <dl>
        <Entry term={words.customer}>
          {summary.archetype ? words.archetypes[summary.archetype] : words.notSure}
        </Entry>
        <Entry term={texts.nextStep}>{summary.next_step ?? texts.none}</Entry>
        <Entry term={texts.needs}>
          <ul>
            {summary.needs.map(({ kind, quote }) => (
              <li key={`${kind} ${quote}`}>{kindWords(kind, words)}: <q>{quote}</q></li>
            ))}
          </ul>
          {summary.needs.length === 0 && texts.none}
        </Entry>
        <Entry term={texts.objections}>
          <ul>
            {summary.objections.map(({ category, quote, status, answer }, index) => (
              <li key={index}>
                {words.categories[category]}, {words.statuses[status]}: <q>{quote}</q>
                {answer && <> → <q>{answer}</q></>}
              </li>
            ))}
          </ul>
          {summary.objections.length === 0 && texts.none}
        </Entry>
        <Entry term={texts.cost}>
          {cost.cost_usd == null
            ? texts.none
            : `${cost.cost_usd.toLocaleString(language, { maximumFractionDigits: 4 })} USD`}
        </Entry>
      </dl>
      <details>
        <summary>{texts.followUp}</summary>
        <p class="draft">{summary.follow_up}</p>
      </details>
    </section>
  );
}

/** A need is named by the signal or the archetype that showed it. */
function kindWords(kind: string, words: Words): string {
  const known: Record<string, string> = { ...words.signals, ...words.archetypes };
  return known[kind] ?? kind;
}

function Entry({ term, children }: { term: string; children: ComponentChildren }) {
  return <div><dt>{term}</dt><dd>{children}</dd></div>;
}
