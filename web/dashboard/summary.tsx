import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { categoryColour } from '../shared/colours';
import { useObserved } from '../shared/hooks';
import type { SummaryEvent } from '../shared/wire';
import { asJson, asMarkdown, download } from './export';
import type { PageContext } from './main';
import { Notes } from './notes';
import type { OpenedCall } from './opened-call';
import { kindWords } from './summary-words';
import { money } from './times';

/** What came out of a call: to be read, taken along, and noted on. */
export function SummaryPage({ context, opened }: { context: PageContext; opened: OpenedCall }) {
  const { texts } = context;
  const { call } = opened;
  const { summary } = call;
  return (
    <div class="summary">
      {summary
        ? <Outcome summary={summary} context={context} />
        : <p class="panel empty">{texts.noSummary}</p>}
      <aside class="side">
        <Downloads context={context} opened={opened} />
        {summary?.follow_up && <FollowUp context={context} draft={summary.follow_up} />}
        <section class="panel">
          <h3>{texts.notes}</h3>
          <Notes context={context} call={call} line={null} jump={() => undefined} />
        </section>
      </aside>
    </div>
  );
}

function Outcome({ summary, context }: { summary: SummaryEvent; context: PageContext }) {
  const { texts, words, language } = context;
  const { metrics, cost, archetype, next_step: nextStep } = summary;
  const whole = (name: string, unit: string) => {
    const value = metrics[name];
    return value === undefined ? '–' : `${Math.round(value)}${unit}`;
  };
  const talk = metrics['talk_ratio'];
  return (
    <article class="panel page">
      <dl class="figures">
        <Figure term={texts.likelihood}>{whole('purchase_likelihood', ' %')}</Figure>
        <Figure term={texts.churn}>{whole('churn_risk', ' %')}</Figure>
        <Figure term={texts.talk}>{talk === undefined ? '–' : `${Math.round(talk * 100)} %`}</Figure>
        <Figure term={texts.pace}>{whole('words_per_minute', '')}</Figure>
        <Figure term={words.customer}>{archetype ? words.archetypes[archetype] : words.notSure}</Figure>
        <Figure term={texts.cost}>{cost.cost_usd == null ? texts.none : money(cost.cost_usd, language)}</Figure>
        {cost.judge_usd != null && <Figure term={texts.judgeCost}>{money(cost.judge_usd, language)}</Figure>}
        {!!cost.input_tokens && (
          <Figure term={texts.cached}>{Math.round(100 * (cost.cached_tokens ?? 0) / cost.input_tokens)} %</Figure>
        )}
      </dl>
      <section>
        <h3>{texts.nextStep}</h3>
        <p>{nextStep ? <q>{nextStep}</q> : <span class="muted">{texts.none}</span>}</p>
      </section>
      <section>
        <h3>{texts.objections}</h3>
        {summary.objections.length === 0 && <p class="muted">{texts.none}</p>}
        <ul class="findings">
          {summary.objections.map(({ category, quote, status, answer }, index) => (
            <li key={index} class={status} style={{ '--category': categoryColour(category) }}>
              <span class="word">{words.categories[category]}</span>
              <span class="fate">{status === 'handled' && '✓ '}{words.statuses[status]}</span>
              <q>{quote}</q>
              {answer && <p class="answer muted">→ {answer}</p>}
            </li>
          ))}
        </ul>
      </section>
      <section>
        <h3>{texts.needs}</h3>
        {summary.needs.length === 0 && <p class="muted">{texts.none}</p>}
        <ul class="needs">
          {summary.needs.map(({ kind, quote }) => (
            <li key={`${kind} ${quote}`}><b>{kindWords(kind, words)}</b> <q>{quote}</q></li>
          ))}
        </ul>
      </section>
    </article>
  );
}

function Downloads({ context, opened }: { context: PageContext; opened: OpenedCall }) {
  const { office, texts } = context;
  const { call } = opened;
  const row = useObserved(office.row);
  const record = useObserved(office.record);
  const notes = useObserved(office.notes);
  const markdown = () =>
    download(`${call.session}.md`, 'text/markdown', asMarkdown(call, row, notes, context));
  const json = () =>
    record && download(`${call.session}.json`, 'application/json', asJson(call, record, notes));
  return (
    <section class="panel">
      <h3>{texts.takeAlong}</h3>
      <div class="row">
        <button type="button" onClick={markdown}>Markdown</button>
        <button type="button" disabled={!record} onClick={json}>JSON</button>
      </div>
    </section>
  );
}

function FollowUp({ context: { texts }, draft }: { context: PageContext; draft: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = () => void navigator.clipboard.writeText(draft).then(() => setCopied(true), () => undefined);
  return (
    <section class="panel">
      <h3>{texts.followUp}</h3>
      <p class="draft">{draft}</p>
      <button type="button" onClick={copy}>{isCopied ? texts.copied : texts.copy}</button>
    </section>
  );
}

function Figure({ term, children }: { term: string; children: ComponentChildren }) {
  return <div><dt>{term}</dt><dd>{children}</dd></div>;
}
