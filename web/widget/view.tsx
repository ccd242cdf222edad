import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ArchetypeView } from '../shared/archetype';
import { nextDeadline, shownCards } from '../shared/cards';
import { useNow, useObserved } from '../shared/hooks';
import type { Call } from '../shared/store';
import type { Language, Outcome } from '../shared/taxonomy';
import type { Words } from '../shared/words';
import { AskBox } from './ask';
import { CardView, Chips } from './card';
import type { Desk } from './desk';
import type { Floating } from './floating';
import { Gauges } from './gauges';
import { Corner, Header } from './header';
import { focusedLetter } from './keys';
import { OnDemand } from './on-demand';
import { giveFeedback, stopSuggestion } from './requests';
import type { Spoken, WidgetTexts } from './texts';
import { NudgeView, Whispers } from './whispers';

const THANKS_MS = 2_500;
const OUTCOMES: readonly Outcome[] = ['won', 'next_step', 'lost'];

/** A call with a bridge needs neither ear nor box, and a running one nothing of what comes after. */
const loadSaid = () => import('./said/said').then(({ Said }) => Said);
const loadAfter = () => import('./after/after').then(({ After }) => After);

export interface ViewContext {
  desk: Desk;
  floating: Floating;
  texts: WidgetTexts;
  words: Words;
  language: Language;
}

export function view(context: Omit<ViewContext, keyof Spoken>, spoken: Spoken, chat: boolean): VNode {
  const { session } = context.desk.call.value;
  const { texts, words } = spoken;
  return <View key={session} context={{ ...context, texts, words }} chat={chat} />;
}

function View({ context, chat }: { context: ViewContext; chat: boolean }) {
  const { desk, texts, words } = context;
  const call = useObserved(desk.call);
  const status = useObserved(desk.status);
  const [chosen, setChosen] = useState<string | null>(null);
  const [rated, setRated] = useState<ReadonlySet<string>>(new Set());
  const [thanksAt, setThanksAt] = useState<number | null>(null);
  const [isSaidOpen, setSaidOpen] = useState(chat);
  const unrated = call.cards.filter(({ id }) => !rated.has(id));
  const now = useNow(nextDeadline(unrated, Date.now()));
  const shown = shownCards(unrated, now);
  const newest = shown[0];
  const card = shown.find(({ id }) => id === chosen) ?? newest;
  const isLive = status.state === 'live' && !call.ended;
  useEffect(() => setChosen(null), [newest?.id]);

  const rate = (used: boolean) => {
    if (!card || !isLive || !giveFeedback(desk, card.id, used)) return;
    setRated(new Set([...rated, card.id]));
    setThanksAt(Date.now());
  };
  const toggleSaid = () => setSaidOpen(!isSaidOpen);
  desk.keys.set('U', () => rate(true)).set('N', () => rate(false));
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && card) stopSuggestion(desk, card.id);
    const letter = focusedLetter(event);
    if (letter) desk.keys.get(letter)?.();
  };

  return (
    <section class="coach" part="panel" lang={context.language} tabIndex={0} aria-label={texts.name}
      onKeyDown={onKeyDown}>
      <Header context={context} call={call} status={status} isLive={isLive} isSaidOpen={isSaidOpen}
        toggleSaid={toggleSaid} />
      <OnDemand isWanted={status.state === 'stopped' || call.ended} load={loadAfter}
        props={{ context, call, status }} />
      <OnDemand isWanted={isSaidOpen} load={loadSaid}
        props={{ context, call, isOpen: isSaidOpen, isChat: chat }} />
      <div class={hasModel(call) ? 'slot roomy' : 'slot'}>
        <div aria-live="polite" aria-atomic="true">
          {card ? (
            <CardView key={card.id} context={context} call={call} card={card} isLive={isLive}
              rate={rate} />
          ) : (
            <div class="quiet">
              <Thanks until={thanksAt && thanksAt + THANKS_MS}>✓ {texts.noted}</Thanks>
              {!call.ended && <p>{emptyWords(context, call)}</p>}
              {isSilent(call) && !isSaidOpen && (
                <button type="button" class="primary" onClick={toggleSaid}>{texts.said}</button>
              )}
            </div>
          )}
        </div>
        <Chips context={context} call={call} cards={shown.filter((other) => other !== card)}
          choose={setChosen} />
      </div>
      <Whispers whispers={call.whispers} context={context} />
      <AskBox context={context} isLive={isLive} />
      <div class="now">
        <Gauges metrics={call.metrics} stage={call.stage} texts={texts} words={words} />
        <NudgeView nudge={call.nudges.at(-1)} />
      </div>
      <ArchetypeView archetype={call.archetype} words={words} />
      {!call.ended && (
        <details class="end">
          <summary>{texts.endCall}</summary>
          {OUTCOMES.map((outcome) => (
            <button type="button" class="small" key={outcome} disabled={!isLive}
              onClick={() => desk.send({ type: 'end', outcome })}>{words.outcomes[outcome]}</button>
          ))}
        </details>
      )}
      <Corner context={context} />
    </section>
  );
}

/** From a call's first suggestion on its place is kept, so that no later one moves what stands. */
function hasModel({ suggestions }: Call): boolean {
  return Object.keys(suggestions).length > 0;
}

function isSilent({ transcript, interims, ended }: Call): boolean {
  return !ended && transcript.length + interims.length === 0;
}

function emptyWords({ texts }: ViewContext, call: Call): string {
  return isSilent(call) ? `${texts.idle} ${texts.bridge}` : texts.quiet;
}

/** That a rating was taken; its card is gone by then. */
function Thanks({ until, children }: { until: number | null; children: ComponentChildren }) {
  const now = useNow(until);
  return until !== null && now < until ? <b>{children}</b> : null;
}
