import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ArchetypeView } from '../shared/archetype';
import { nextDeadline, shownCards } from '../shared/cards';
import { connectionWords } from '../shared/connection-words';
import { useNow, useObserved } from '../shared/hooks';
import { wordsIn, type Words } from '../shared/texts';
import type { Language } from '../shared/taxonomy';
import { AskBox, RaiseHand } from './ask';
import { CardView, Chips } from './card';
import { Composer } from './composer';
import type { Desk } from './desk';
import { Gauges } from './gauges';
import { giveFeedback, stopSuggestion } from './requests';
import { widgetTexts, type WidgetTexts } from './texts';
import { NudgeView, Whispers } from './whispers';

export interface ViewContext { desk: Desk; texts: WidgetTexts; words: Words; language: Language }

export function view(desk: Desk, language: Language, chat: boolean): VNode {
  const context = { desk, language, texts: widgetTexts(language), words: wordsIn(language) };
  return <View key={desk.call.value.session} context={context} chat={chat} />;
}

function View({ context, chat }: { context: ViewContext; chat: boolean }) {
  const { desk, texts, words } = context;
  const call = useObserved(desk.call);
  const status = useObserved(desk.status);
  const now = useNow(nextDeadline(call.cards, Date.now()));
  const [chosen, setChosen] = useState<string | null>(null);
  const [noted, setNoted] = useState<Record<string, boolean>>({});
  const shown = shownCards(call.cards, now);
  const newest = shown[0];
  const card = shown.find(({ id }) => id === chosen) ?? newest;
  const isLive = status.state === 'live' && !call.ended;
  useEffect(() => setChosen(null), [newest?.id]);

  const rate = (used: boolean) => {
    if (card && isLive && !(card.id in noted) && giveFeedback(desk, card.id, used)) {
      setNoted({ ...noted, [card.id]: used });
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !card) return;
    if (event.key === 'Escape') stopSuggestion(desk, card.id);
    if (event.target instanceof HTMLInputElement) return;
    if (event.key === 'u' || event.key === 'U') rate(true);
    if (event.key === 'n' || event.key === 'N') rate(false);
  };

  return (
    <section class="coach" part="panel" lang={context.language} tabIndex={0} aria-label={texts.name}
      onKeyDown={onKeyDown}>
      <header>
        <p class={`connection ${status.state}`} role="status">
          {connectionWords(words, status)}
          {status.state === 'stopped' && (
            <button type="button" onClick={() => desk.start()}>{words.again}</button>
          )}
        </p>
        <RaiseHand context={context} call={call} isLive={isLive} />
      </header>
      <Whispers whispers={call.whispers} texts={texts} />
      <NudgeView nudge={call.nudges.at(-1)} />
      <div class="slot" aria-live="polite" aria-atomic="true">
        {card ? (
          <CardView key={card.id} context={context} call={call} card={card} isLive={isLive}
            noted={noted[card.id]} rate={rate} />
        ) : (
          <p class="quiet">
            {call.ended ? `${texts.ended}: ${words.outcomes[call.outcome ?? 'none']}` : texts.quiet}
          </p>
        )}
      </div>
      <Chips context={context} call={call} cards={shown.filter((other) => other !== card)}
        choose={setChosen} />
      <AskBox context={context} isLive={isLive} />
      <Gauges metrics={call.metrics} stage={call.stage} texts={texts} words={words} />
      <ArchetypeView archetype={call.archetype} words={words} />
      <Composer context={context} call={call} isOpen={chat} isLive={isLive} />
    </section>
  );
}
