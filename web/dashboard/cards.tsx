import type { Call, Card } from '../shared/store';
import type { Suggestion } from '../shared/suggestions';
import { lineKey } from './opened-call';
import type { PageContext } from './main';
import type { DashboardTexts } from './texts';
import { money } from './times';

/** Newest first; the one that the seller sees stands out. */
export function CardList({ call, context, jump }: {
  call: Call; context: PageContext; jump: (line: { source: string; utterance: string }) => void;
}) {
  const { texts } = context;
  if (call.cards.length === 0) return <p class="muted">{texts.noCards}</p>;
  const lines = new Map(call.transcript.map((line) => [lineKey(line), line]));
  return (
    <ol class="cards" tabIndex={0} aria-label={texts.cards}>
      {[...call.cards].reverse().map((card) => {
        const { utterance, source } = card;
        const cause = utterance != null && source != null ? { utterance, source } : null;
        const line = cause && lines.get(lineKey(cause));
        return (
          <li key={card.id} class={card.status}>
            <span class="card-head">
              <b>{card.title}</b>
              <span class={`fate ${card.why ?? 'open'}`}>{cardStatus(card, texts)}</span>
            </span>
            <p class="say">{card.say}</p>
            {card.ask && <p class="muted">{card.ask}</p>}
            <SuggestionLine suggestion={call.suggestions[card.id]} context={context} />
            {line && (
              <button type="button" class="plain muted" onClick={() => jump(line)}>↩ “{line.text}”</button>
            )}
          </li>
        );
      })}
    </ol>
  );
}

function cardStatus({ status, why }: Card, texts: DashboardTexts): string {
  return status === 'closed' && why ? texts.cardEnds[why] : texts.cardOpen;
}

function SuggestionLine({ suggestion, context: { texts, language } }: {
  suggestion: Suggestion | undefined; context: PageContext;
}) {
  if (!suggestion) return null;
  const { status, text, model, timing, usage } = suggestion;
  const first = timing.first_token_ms;
  const total = timing.total_ms;
  const cost = usage?.cost_usd;
  return (
    <div class="suggestion">
      <p class="muted">
        {[
          texts.suggestionStates[status],
          model,
          first == null ? '' : `${texts.firstToken} ${first} ms`,
          total == null ? '' : `${texts.total} ${total} ms`,
          cost == null ? '' : money(cost, language),
        ].filter(Boolean).join(' · ')}
      </p>
      {text && <p>{text}</p>}
    </div>
  );
}
