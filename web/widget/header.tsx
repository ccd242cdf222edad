import { useState } from 'preact/hooks';
import { HandIcon } from '../shared/hand-icon';
import type { Status } from '../shared/socket';
import type { Call } from '../shared/store';
import { handle } from './floating';
import { Icon } from './icon';
import type { ViewContext } from './view';

interface HeaderProps {
  context: ViewContext;
  call: Call;
  status: Status;
  isLive: boolean;
  isSaidOpen: boolean;
  toggleSaid: () => void;
}

export function Header({ context, call, status, isLive, isSaidOpen, toggleSaid }: HeaderProps) {
  const { desk, floating, texts, words } = context;
  const [isFloating, setFloating] = useState(floating.isOn);
  const toggleFloating = () => {
    floating.toggle();
    setFloating(floating.isOn);
  };
  const placing = isFloating ? texts.dock : texts.float;
  return (
    <header>
      {isFloating && (
        <button type="button" class="icon grip" aria-label={texts.move} title={texts.move}
          {...handle(floating.move, floating.keep)}><Icon name="grip" /></button>
      )}
      <p class={`connection ${status.state}`} role="status">
        {words.connection[status.state]}
      </p>
      <button type="button" class="icon" aria-label={texts.said} title={texts.said}
        aria-expanded={isSaidOpen} onClick={toggleSaid}><Icon name="voice" /></button>
      <button type="button" class="icon" aria-label={placing} title={placing}
        onClick={toggleFloating}><Icon name={isFloating ? 'dock' : 'float'} /></button>
      {isHandUp(call) ? (
        <p class="hand" role="status"><HandIcon /> {texts.handRaised}</p>
      ) : (
        <button type="button" class="hand" disabled={!isLive}
          onClick={() => desk.send({ type: 'raise_hand' })}><HandIcon /> {texts.raiseHand}</button>
      )}
    </header>
  );
}

/** A hand stays up until a manager whispers. */
function isHandUp({ hands, whispers }: Call): boolean {
  const raised = hands.at(-1)?.offset ?? 0;
  return raised > (whispers.at(-1)?.offset ?? 0);
}

/** Sizes a floating widget; styles hide it in one that stands in its page. */
export function Corner({ context: { floating, texts } }: { context: ViewContext }) {
  return (
    <button type="button" class="icon corner" aria-label={texts.resize} title={texts.resize}
      {...handle(floating.resize, floating.keep)}><Icon name="corner" /></button>
  );
}
