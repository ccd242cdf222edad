import { useState } from 'preact/hooks';
import { useNow } from '../shared/hooks';
import type { Received } from '../shared/store';
import type { NudgeEvent, WhisperEvent } from '../shared/wire';
import type { ViewContext } from './view';

const MOST_WHISPERS = 2;
const NUDGE_MS = 15_000;

/** A manager's words stay until the seller puts them away. */
export function Whispers({ whispers, context }: { whispers: WhisperEvent[]; context: ViewContext }) {
  const { desk, texts } = context;
  const [dismissed, setDismissed] = useState<readonly WhisperEvent[]>([]);
  const shown = whispers.filter((whisper) => !dismissed.includes(whisper)).slice(-MOST_WHISPERS);
  const dismiss = (whisper: WhisperEvent | undefined) =>
    whisper && setDismissed([...dismissed, whisper]);
  desk.keys.set('W', () => dismiss(shown.at(-1)));
  return (
    <div class="whispers" role="log" aria-live="polite">
      {shown.map((whisper) => (
        <div class="whisper" part="whisper" key={whisper.offset}>
          <p><b>{texts.whisperFrom} {whisper.from}</b>{whisper.text}</p>
          <button type="button" class="small" aria-keyshortcuts="W"
            onClick={() => dismiss(whisper)}>{texts.dismiss} <kbd>W</kbd></button>
        </div>
      ))}
    </div>
  );
}

/** It covers what it speaks of for a while, and moves nothing. */
export function NudgeView({ nudge }: { nudge: Received<NudgeEvent> | undefined }) {
  const until = nudge?.received == null ? null : nudge.received + NUDGE_MS;
  const now = useNow(until);
  const isShown = nudge !== undefined && until !== null && now < until;
  return (
    <p class={`nudge ${isShown ? nudge.kind : ''}`} part="nudge" aria-live="polite">
      {isShown && nudge.text}
    </p>
  );
}
