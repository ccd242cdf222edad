import { useState } from 'preact/hooks';
import { categoryColour } from '../shared/colours';
import type { HistoryPage as Page, PastCall, Problem } from './api';
import { asked, QueryBar, useAnswer, type ListQuery } from './list-query';
import type { PageContext } from './main';
import { packAndLanguage } from './names';
import { callAddress } from './route';
import { dateAndTime, duration } from './times';

export function HistoryPage({ context, query }: { context: PageContext; query: ListQuery }) {
  const { office } = context;
  const ask = () => office.history(asked(query, Date.now()));
  const { answer, setAnswer, isAsking, retry } = useAnswer<Page>(office, query, ask);
  const [isLoadingMore, setLoadingMore] = useState(false);
  const more = async (page: Page) => {
    setLoadingMore(true);
    const { value, problem } = await office.history({ ...asked(query, Date.now()), after: page.next ?? '' });
    setLoadingMore(false);
    setAnswer(value
      ? { value: { ...value, calls: [...page.calls, ...value.calls], searched: page.searched + value.searched }, problem: null }
      : { value: null, problem });
  };
  return (
    <>
      <QueryBar context={context} page="history" query={query} />
      {!answer && <p class="panel empty">{context.texts.loading}</p>}
      {answer?.problem && <Trouble context={context} problem={answer.problem} retry={retry} />}
      {answer?.value && (
        <Calls context={context} page={answer.value} query={query} isBusy={isAsking || isLoadingMore}
          more={() => void more(answer.value)} />
      )}
    </>
  );
}

export function Trouble({ context, problem, retry }: {
  context: PageContext; problem: Problem; retry: () => void;
}) {
  return (
    <div class="panel empty">
      <p role="alert">{context.texts.problems[problem]}</p>
      <button type="button" onClick={retry}>{context.words.again}</button>
    </div>
  );
}

function Calls({ context, page, query, isBusy, more }: {
  context: PageContext; page: Page; query: ListQuery; isBusy: boolean; more: () => void;
}) {
  const { texts } = context;
  const { calls, next, searched } = page;
  const isNarrow = Object.values(query).some((value) => value !== '');
  const isSearch = !!(query['text'] || query['objection']);
  return (
    <div class="panel" aria-busy={isBusy}>
      {calls.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={texts.history}>
          <table class="list">
            <thead>
              <tr>
                <th scope="col">{texts.seller}</th><th scope="col">{texts.started}</th>
                <th scope="col">{texts.outcome}</th><th scope="col">{texts.objections}</th>
                <th scope="col" class="number">{texts.likelihood}</th><th scope="col" class="number">{texts.length}</th>
                <th scope="col">{texts.pack}</th>
              </tr>
            </thead>
            <tbody>{calls.map((call) => <Row key={call.id} call={call} context={context} search={query['text'] ?? ''} />)}</tbody>
          </table>
        </div>
      )}
      {calls.length === 0 && !next && (
        <div class="empty">
          <h2>{isNarrow ? texts.noneFits : texts.noHistory}</h2>
          {isNarrow
            ? <p><a href="#/history">{texts.showAll}</a></p>
            : <p>{texts.noHistoryHow} <code>coach serve --demo</code></p>}
        </div>
      )}
      <p class="list-foot muted" role="status">
        {isSearch && texts.searched(searched)}{' '}
        {next && <button type="button" disabled={isBusy} onClick={more}>{isSearch ? texts.searchOn : texts.more}</button>}
      </p>
    </div>
  );
}

function Row({ call, context, search }: { call: PastCall; context: PageContext; search: string }) {
  const { texts, words, language } = context;
  const likelihood = call.metrics['purchase_likelihood'];
  return (
    <>
      <tr>
        <th scope="row"><a href={callAddress(call.id)}>{call.seller || call.id}</a></th>
        <td>{dateAndTime(call.started_at, language)}</td>
        <td><span class={`badge ${call.outcome ?? 'none'}`}>{words.outcomes[call.outcome ?? 'none']}</span></td>
        <td class="raised-list">
          {call.objections.map(({ category, status }, index) => (
            <span key={index} class="chip" style={{ '--category': categoryColour(category) }}
              title={words.statuses[status]}>
              {status === 'handled' ? '✓ ' : ''}{words.categories[category]}
            </span>
          ))}
          {call.objections.length === 0 && <span class="muted">{texts.none}</span>}
        </td>
        <td class="number">{likelihood === undefined ? '–' : `${Math.round(likelihood)} %`}</td>
        <td class="number">{duration(call.ended_at - call.started_at)}</td>
        <td class="muted">{packAndLanguage(call, language)}</td>
      </tr>
      {call.line && (
        <tr class="found">
          <td colSpan={7} lang={call.line.language}>
            <span class="muted">{words.speakers[call.line.speaker]}</span> <Found text={call.line.text} search={search} />
          </td>
        </tr>
      )}
    </>
  );
}

/** The line in which the text was said, the text marked. */
function Found({ text, search }: { text: string; search: string }) {
  const start = text.toLowerCase().indexOf(search.toLowerCase());
  // Lower case may be longer than the text itself: then nothing is marked.
  if (start < 0 || text.toLowerCase().length !== text.length) return <>“{text}”</>;
  const end = start + search.length;
  return <>“{text.slice(0, start)}<mark class="hit">{text.slice(start, end)}</mark>{text.slice(end)}”</>;
}
