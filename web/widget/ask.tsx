import { useState } from 'preact/hooks';
import { HandIcon } from '../shared/hand-icon';
import type { Call } from '../shared/store';
import type { ViewContext } from './view';

/** A hand stays up until a manager whispers. */
function isHandUp({ hands, whispers }: Call): boolean {
  const raised = hands.at(-1)?.offset ?? 0;
  return raised > (whispers.at(-1)?.offset ?? 0);
}

export function RaiseHand({ context, call, isLive }: {
  context: ViewContext; call: Call; isLive: boolean;
}) {
  const { desk, texts } = context;
  if (isHandUp(call)) return <p class="hand"><HandIcon /> {texts.handRaised}</p>;
  return (
    <button type="button" class="hand" disabled={!isLive}
      onClick={() => desk.send({ type: 'raise_hand' })}><HandIcon /> {texts.raiseHand}</button>
  );
}

export function AskBox({ context, isLive }: { context: ViewContext; isLive: boolean }) {
  const { desk, texts } = context;
  const [text, setText] = useState('');
  const onSubmit = (event: Event) => {
    event.preventDefault();
    if (text.trim() && desk.send({ type: 'ask', text: text.trim() })) setText('');
  };
  return (
    <form class="row" part="ask" onSubmit={onSubmit}>
      <input value={text} aria-label={texts.askCoach} placeholder={texts.askPlaceholder}
        maxLength={500} onInput={(event) => setText(event.currentTarget.value)} />
      <button type="submit" disabled={!isLive}>{texts.askCoach}</button>
    </form>
  );
}
