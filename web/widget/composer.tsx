import { useState } from 'preact/hooks';
import { useObserved } from '../shared/hooks';
import type { Call } from '../shared/store';
import type { Outcome, Speaker } from '../shared/taxonomy';
import type { ViewContext } from './view';

const MS_A_WORD = 400;
const OUTCOMES: readonly Outcome[] = ['won', 'next_step', 'lost'];

interface ComposerProps { context: ViewContext; call: Call; isOpen: boolean; isLive: boolean }

/** For calls that are written: each line goes out as a final of the chosen speaker. */
export function Composer({ context, call, isOpen, isLive }: ComposerProps) {
  const { desk, texts, words } = context;
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
    <details class="composer" part="composer" open={isOpen}>
      <summary>{texts.write}{waiting > 0 && ` · ${texts.waiting}: ${waiting}`}</summary>
      <form onSubmit={onSubmit}>
        <fieldset disabled={call.ended}>
          {(['client', 'seller'] as const).map((who) => (
            <label key={who}>
              <input type="radio" name="speaker" checked={speaker === who}
                onChange={() => setSpeaker(who)} /> {texts[who]}
            </label>
          ))}
          <div class="row">
            <input value={text} aria-label={texts.linePlaceholder} maxLength={8000}
              placeholder={texts.linePlaceholder}
              onInput={(event) => setText(event.currentTarget.value)} />
            <button type="submit">{texts.send}</button>
          </div>
          {isRefused && <p role="alert">{texts.tooMany}</p>}
        </fieldset>
      </form>
      <p class="outcomes">
        {texts.end}
        {OUTCOMES.map((outcome) => (
          <button type="button" class="small" key={outcome} disabled={!isLive}
            onClick={() => desk.send({ type: 'end', outcome })}>{words.outcomes[outcome]}</button>
        ))}
      </p>
    </details>
  );
}

function lastMoment({ transcript }: Call): number {
  return transcript.reduce((latest, line) => Math.max(latest, line.end_ms), 0);
}
