import { useState } from 'preact/hooks';
import type { ViewContext } from './view';

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
