/** What is left to say and to do once a call has ended, or its connection has stopped for good. */
import { useEffect } from 'preact/hooks';
import type { Status } from '../../shared/socket';
import { stopWordsIn } from '../../shared/stop-words';
import type { Call } from '../../shared/store';
import type { ViewContext } from '../view';
import { afterTexts } from './texts';

/** Stopped by what a new attempt can mend: no valid token, or another window on this call. */
const MENDABLE = [4001, 4009];

export interface AfterProps {
  context: ViewContext;
  call: Call;
  status: Status;
}

export function After({ context: { desk, words, language }, call, status }: AfterProps) {
  const texts = afterTexts(language);
  const { again, stoppedBy } = stopWordsIn(language);
  const code = status.state === 'stopped' ? status.code ?? 0 : null;
  const reason = code === null ? null : call.problem?.message;
  const known = code === null ? null : stoppedBy[code];
  const { next } = desk.options;
  useEffect(() => {
    if (reason) console.warn(`live-coach: ${reason}`);
  }, [reason]);
  return (
    <>
      {code !== null && (
        <p class="trouble" role="alert">
          {known && <b>{known}</b>} <span lang="en">{reason}</span>
        </p>
      )}
      {code !== null && MENDABLE.includes(code) && (
        <button type="button" onClick={() => desk.start()}>{again}</button>
      )}
      {call.ended && <p role="status">{texts.ended}: {words.outcomes[call.outcome ?? 'none']}</p>}
      {call.ended && next && <button type="button" class="primary" onClick={next}>{texts.next}</button>}
    </>
  );
}
