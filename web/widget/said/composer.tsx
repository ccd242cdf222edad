import { useState } from 'preact/hooks';
import { useObserved } from '../../shared/hooks';
import type { Call } from '../../shared/store';
import type { Speaker } from '../../shared/taxonomy';
import type { Desk } from '../desk';
import type { SaidTexts } from './texts';

const MS_A_WORD = 400;
const SPEAKERS: readonly Speaker[] = ['client', 'seller'];

/** For calls that are written: each line goes out as a final of the chosen speaker. */
export function Composer({ desk, call, texts }: { desk: Desk; call: Call; texts: SaidTexts }) {
  const waiting = useObserved(desk.waiting);
  const [text, setText] = useState('');
  const [speaker, setSpeaker] = useState<Speaker>('client');
  const [isRefused, setRefused] = useState(false);

  const onSubmit = (event: Event) => {
    event.preventDefault();
    const line = text.trim();
    if (!line) return;
    const start = lastMoment(call);
    const taken = desk.speak({
      speaker,
      text: line,
      final: true,
      utterance: `typed-${Date.now().toString(36)}`,
      start_ms: start,
      end_ms: start + line.split(/\s+/).length * MS_A_WORD,
    });
    setRefused(!taken);
    if (taken) setText('');
  };

  return (
    <form class="composer" part="composer" aria-label={texts.write} onSubmit={onSubmit}>
      <div class="row">
        <div class="switch" role="group" aria-label={texts.speaks}>
          {SPEAKERS.map((who) => (
            <button type="button" key={who} aria-pressed={speaker === who} disabled={call.ended}
              onClick={() => setSpeaker(who)}>{texts[who]}</button>
          ))}
        </div>
        {waiting > 0 && <span class="hint" role="status">{waiting} {texts.waiting}</span>}
      </div>
      <div class="row">
        <input value={text} aria-label={texts.line} maxLength={8000} placeholder={texts.line}
          disabled={call.ended} onInput={(event) => setText(event.currentTarget.value)} />
        <button type="submit" disabled={call.ended}>{texts.send}</button>
      </div>
      {isRefused && <p class="trouble" role="alert">{texts.tooMany}</p>}
    </form>
  );
}

function lastMoment({ transcript }: Call): number {
  return transcript.reduce((latest, line) => Math.max(latest, line.end_ms), 0);
}
