import { useMemo, useState } from 'preact/hooks';
import { categoryColour } from '../shared/colours';
import type { Call, Card } from '../shared/store';
import type { Suggestion } from '../shared/suggestions';
import type { ObjectionEvent } from '../shared/wire';
import { stopSuggestion } from './requests';
import type { ViewContext } from './view';

const FADE_MS = 1_200;
const MOST_CHIPS = 3;

interface CardProps {
  context: ViewContext;
  call: Call;
  card: Card;
  isLive: boolean;
  rate: (used: boolean) => void;
}

export function CardView({ context, call, card, isLive, rate }: CardProps) {
  const { desk, texts } = context;
  const [areFactsOpen, setFactsOpen] = useState(false);
  const left = useMemo(() => card.deadline - Date.now(), [card.deadline]);
  const objection = objectionOf(call, card);
  const style = {
    '--category': categoryColour(objection?.category ?? null),
    '--left': `${left}ms`,
    '--fade-delay': `${left - FADE_MS}ms`,
  };
  const { facts } = card;
  desk.keys.set('F', () => setFactsOpen(!areFactsOpen));
  return (
    <article class="card" part="card" style={style}>
      <span class="left" aria-hidden="true" />
      <p class="kind">
        <span class="word">{triggerWord(context, call, card)}</span>
        <span class="title">{card.title}</span>
      </p>
      <p class="say" part="say" lang={objection?.language}>{card.say}</p>
      {card.ask && (
        <p class="question"><b>{texts.ask}</b> <span lang={objection?.language}>{card.ask}</span></p>
      )}
      <SuggestionView context={context} suggestion={call.suggestions[card.id]} isLive={isLive} />
      <div class="rating" aria-live="off">
        <button type="button" disabled={!isLive} aria-keyshortcuts="U"
          onClick={() => rate(true)}>✓ {texts.used} <kbd>U</kbd></button>
        <button type="button" disabled={!isLive} aria-keyshortcuts="N"
          onClick={() => rate(false)}>✕ {texts.notUseful} <kbd>N</kbd></button>
        {facts && facts.length > 0 && (
          <button type="button" class="facts" aria-keyshortcuts="F" aria-expanded={areFactsOpen}
            onClick={() => setFactsOpen(!areFactsOpen)}>
            {texts.facts} {facts.length} <kbd>F</kbd>
          </button>
        )}
      </div>
      {areFactsOpen && facts && (
        <ul class="facts">{facts.map((fact) => <li key={fact}>{fact}</li>)}</ul>
      )}
    </article>
  );
}

interface SuggestionProps {
  context: ViewContext;
  suggestion: Suggestion | undefined;
  isLive: boolean;
}

/** Its place is kept from the start and never grows: what stands stays where it is. */
function SuggestionView({ context, suggestion, isLive }: SuggestionProps) {
  const { desk, texts } = context;
  if (!suggestion || suggestion.status === 'superseded') return null;
  const { card, status, text } = suggestion;
  const isRunning = status === 'started';
  return (
    <div class="suggestion" part="suggestion" role="group" tabIndex={0} aria-live="off"
      aria-label={texts.suggestion} aria-busy={isRunning}>
      <p class="hint">
        {isRunning ? texts.writing : texts.suggestion}
        {isRunning && (
          <button type="button" class="small" disabled={!isLive} aria-keyshortcuts="Escape"
            onClick={() => stopSuggestion(desk, card)}>{texts.cancel} <kbd>Esc</kbd></button>
        )}
      </p>
      <p class={isRunning ? 'text running' : 'text'}>{text || (isRunning ? '' : texts.failed)}</p>
    </div>
  );
}

interface ChipsProps {
  context: ViewContext;
  call: Call;
  cards: Card[];
  choose: (card: string) => void;
}

export function Chips({ context, call, cards, choose }: ChipsProps) {
  return (
    <ul class="chips" part="chips" aria-label={context.texts.otherCards}>
      {cards.slice(0, MOST_CHIPS).map((card) => (
        <li key={card.id}>
          <button type="button" onClick={() => choose(card.id)}
            style={{ '--category': categoryColour(objectionOf(call, card)?.category ?? null) }}>
            <span class="word">{triggerWord(context, call, card)}</span> {card.title}
          </button>
        </li>
      ))}
    </ul>
  );
}

function objectionOf({ objections }: Call, { trigger }: Card): ObjectionEvent | undefined {
  if (trigger.type !== 'objection') return undefined;
  return objections.find(({ id }) => id === trigger.id);
}

function triggerWord({ texts, words }: ViewContext, call: Call, card: Card): string {
  const objection = objectionOf(call, card);
  if (objection) return words.categories[objection.category];
  if (card.trigger.type === 'ask') return texts.reply;
  if (card.trigger.type !== 'signal') return texts.hint;
  const signal = call.signals.find(({ id }) => id === card.trigger.id);
  return signal ? words.signals[signal.kind] : texts.signal;
}
