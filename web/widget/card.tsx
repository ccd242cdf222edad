import { useMemo } from 'preact/hooks';
import { categoryColour } from '../shared/colours';
import type { Call, Card } from '../shared/store';
import type { Suggestion } from '../shared/suggestions';
import type { Category } from '../shared/taxonomy';
import { stopSuggestion } from './requests';
import type { ViewContext } from './view';

const FADE_MS = 600;
const MOST_CHIPS = 3;

interface CardProps {
  context: ViewContext;
  call: Call;
  card: Card;
  isLive: boolean;
  /** Whether it was called used; undefined until the seller says. */
  noted: boolean | undefined;
  rate: (used: boolean) => void;
}

export function CardView({ context, call, card, isLive, noted, rate }: CardProps) {
  const { texts } = context;
  const fadeDelay = useMemo(() => card.deadline - Date.now() - FADE_MS, [card.deadline]);
  const style = {
    '--category': categoryColour(categoryOf(call, card)),
    '--fade-delay': `${fadeDelay}ms`,
  };
  return (
    <article class="card" part="card" style={style}>
      <p class="kind">
        <span class="word">{triggerWord(context, call, card)}</span>
        <span class="title">{card.title}</span>
      </p>
      <p class="say" part="say">{card.say}</p>
      {card.ask && <p class="ask"><b>{texts.ask}</b> {card.ask}</p>}
      <div class="rating" aria-live="off">
        {noted === undefined ? (
          <>
            <button type="button" class="primary" disabled={!isLive} aria-keyshortcuts="U"
              onClick={() => rate(true)}>{texts.used} <kbd>U</kbd></button>
            <button type="button" disabled={!isLive} aria-keyshortcuts="N"
              onClick={() => rate(false)}>{texts.notUseful} <kbd>N</kbd></button>
          </>
        ) : (
          <span class="noted">✓ {noted ? texts.used : texts.notUseful}. {texts.noted}.</span>
        )}
      </div>
      {card.facts && card.facts.length > 0 && (
        <details aria-live="off">
          <summary>{texts.facts} ({card.facts.length})</summary>
          <ul>{card.facts.map((fact) => <li key={fact}>{fact}</li>)}</ul>
        </details>
      )}
      <SuggestionView context={context} suggestion={call.suggestions[card.id]} isLive={isLive} />
    </article>
  );
}

interface SuggestionProps {
  context: ViewContext;
  suggestion: Suggestion | undefined;
  isLive: boolean;
}

function SuggestionView({ context, suggestion, isLive }: SuggestionProps) {
  const { desk, texts } = context;
  if (!suggestion || suggestion.status === 'superseded') return null;
  const { card, status, text } = suggestion;
  const isRunning = status === 'started';
  if (!isRunning && text === '') return <p class="hint">{texts.failed}</p>;
  return (
    <div class="suggestion" part="suggestion" aria-live="off" aria-busy={isRunning}>
      <p class="hint">
        {isRunning ? texts.writing : texts.suggestion}
        {isRunning && (
          <button type="button" class="small" disabled={!isLive} aria-keyshortcuts="Escape"
            onClick={() => stopSuggestion(desk, card)}>{texts.cancel} <kbd>Esc</kbd></button>
        )}
      </p>
      <p class={isRunning ? 'text running' : 'text'}>{text}</p>
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
  if (cards.length === 0) return null;
  return (
    <ul class="chips" part="chips" aria-label={context.texts.otherCards}>
      {cards.slice(0, MOST_CHIPS).map((card) => (
        <li key={card.id}>
          <button type="button" onClick={() => choose(card.id)}
            style={{ '--category': categoryColour(categoryOf(call, card)) }}>
            <span class="word">{triggerWord(context, call, card)}</span> {card.title}
          </button>
        </li>
      ))}
    </ul>
  );
}

function categoryOf(call: Call, card: Card): Category | null {
  if (card.trigger.type !== 'objection') return null;
  return call.objections.find(({ id }) => id === card.trigger.id)?.category ?? null;
}

function triggerWord({ texts, words }: ViewContext, call: Call, card: Card): string {
  const category = categoryOf(call, card);
  if (category) return words.categories[category];
  if (card.trigger.type === 'ask') return texts.reply;
  if (card.trigger.type !== 'signal') return texts.hint;
  const signal = call.signals.find(({ id }) => id === card.trigger.id);
  return signal ? words.signals[signal.kind] : texts.signal;
}
