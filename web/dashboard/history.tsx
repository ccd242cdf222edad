import { useEffect, useState } from 'preact/hooks';
import { useObserved } from '../shared/hooks';
import type { Answer, SessionRow } from './api';
import type { PageContext } from './main';
import { callAddress } from './route';
import { dateAndTime, duration } from './times';

export function HistoryPage({ context }: { context: PageContext }) {
  const { office, texts } = context;
  const [answer, setAnswer] = useState<Answer<SessionRow[]> | null>(null);
  const needsToken = useObserved(office.needsToken);
  const read = () => {
    setAnswer(null);
    void office.history().then(setAnswer);
  };
  useEffect(() => {
    if (!needsToken) read();
  }, [needsToken]);

  if (!answer) return <p class="panel empty">{texts.loading}</p>;
  if (answer.value === null) {
    return (
      <div class="panel empty">
        <p role="alert">{texts.problems[answer.problem]}</p>
        <button type="button" onClick={read}>{context.words.again}</button>
      </div>
    );
  }
  if (answer.value.length === 0) {
    return (
      <div class="panel empty">
        <h2>{texts.noHistory}</h2>
        <p>{texts.noHistoryHow} <code>coach demo</code></p>
      </div>
    );
  }
  return (
    <div class="panel scroll">
      <table class="history">
        <thead>
          <tr>
            <th>{texts.call}</th><th>{texts.seller}</th><th>{texts.pack}</th>
            <th>{texts.language}</th><th>{texts.started}</th><th>{texts.length}</th>
            <th>{texts.outcome}</th>
          </tr>
        </thead>
        <tbody>
          {answer.value.map((row) => <Row key={row.id} row={row} context={context} />)}
        </tbody>
      </table>
    </div>
  );
}

function Row({ row, context }: { row: SessionRow; context: PageContext }) {
  const { texts, words, language } = context;
  const end = row.ended_at === null ? null : new Date(row.ended_at).getTime();
  return (
    <tr>
      <td><a href={callAddress(row.id)}>{row.id}</a></td>
      <td>{row.seller}</td>
      <td>{row.pack}</td>
      <td>{row.language?.toUpperCase()}</td>
      <td>{dateAndTime(row.started_at, language)}</td>
      <td>{end === null ? '' : duration(end - new Date(row.started_at).getTime())}</td>
      <td>{row.status === 'live' ? texts.running : words.outcomes[row.outcome ?? 'none']}</td>
    </tr>
  );
}
