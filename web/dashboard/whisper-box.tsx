import { useState } from 'preact/hooks';
import { HandIcon } from '../shared/hand-icon';
import { useObserved } from '../shared/hooks';
import type { Call } from '../shared/store';
import type { PageContext } from './main';

const MOST_CHARS = 2_000;

export function WhisperBox({ context, call }: { context: PageContext; call: Call }) {
  const { office, texts } = context;
  const status = useObserved(office.status);
  const [text, setText] = useState('');
  const hand = call.hands.at(-1);
  const whisper = call.whispers.at(-1);
  const isHandUp = hand !== undefined && hand.offset > (whisper?.offset ?? 0);
  const onSubmit = (event: Event) => {
    event.preventDefault();
    if (text.trim() && office.whisper(call.session, text.trim())) setText('');
  };
  return (
    <form class="whisper-box" onSubmit={onSubmit}>
      {isHandUp && <p class="raised"><HandIcon /> {texts.wantsHelp}{hand.text && `: ${hand.text}`}</p>}
      {whisper && <p class="muted">{texts.lastWhisper} {whisper.from}: “{whisper.text}”</p>}
      <div class="row">
        <input value={text} maxLength={MOST_CHARS} aria-label={texts.whisper}
          placeholder={texts.whisperPlaceholder}
          onInput={(event) => setText(event.currentTarget.value)} />
        <button type="submit" disabled={status.state !== 'live'}>{texts.whisper}</button>
      </div>
    </form>
  );
}
