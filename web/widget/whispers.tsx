import { useState } from 'preact/hooks';
import { useNow } from '../shared/hooks';
import type { Received } from '../shared/store';
import type { NudgeEvent, WhisperEvent } from '../shared/wire';
import type { WidgetTexts } from './texts';

const MOST_WHISPERS = 2;
const NUDGE_MS = 15_000;

/** A manager's words stay until the seller puts them away. */
export function Whispers({ whispers, texts }: { whispers: WhisperEvent[]; texts: WidgetTexts }) {
  const [dismissed, setDismissed] = useState<readonly WhisperEvent[]>([]);
  const shown = whispers.filter((whisper) => !dismissed.includes(whisper)).slice(-MOST_WHISPERS);
  return (
    <div class="whispers" role="log" aria-live="polite">
      {shown.map((whisper) => (
        <div class="whisper" part="whisper" key={whisper.offset}>
          <p><b>{texts.whisperFrom} {whisper.from}</b><br />{whisper.text}</p>
          <button type="button" class="small" aria-label={texts.dismiss}
            onClick={() => setDismissed([...dismissed, whisper])}>✕</button>
        </div>
      ))}
    </div>
  );
}

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
