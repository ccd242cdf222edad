import type { Call, Card } from '../shared/store';
import type { Suggestion } from '../shared/suggestions';
import type { DashboardTexts } from './texts';

export function CardList({ call, texts }: { call: Call; texts: DashboardTexts }) {
  if (call.cards.length === 0) return <p class="muted">{texts.noCards}</p>;
  return (
    <ol class="cards">
      {[...call.cards].reverse().map((card) => (
        <li key={card.id}>
          <span class="card-head">
            <b>{card.title}</b>
            <span class="muted">{cardStatus(card, texts)}</span>
          </span>
          <p>{card.say}</p>
          <SuggestionLine suggestion={call.suggestions[card.id]} texts={texts} />
        </li>
      ))}
    </ol>
  );
}

function cardStatus({ status, why }: Card, texts: DashboardTexts): string {
  return status === 'closed' && why ? texts.cardEnds[why] : texts.cardOpen;
}

function SuggestionLine({ suggestion, texts }: {
  suggestion: Suggestion | undefined; texts: DashboardTexts;
}) {
  if (!suggestion) return null;
  const { status, text, model, timing } = suggestion;
  const first = timing.first_token_ms;
  const total = timing.total_ms;
  return (
    <div class="suggestion">
      <p class="muted">
        {[
          texts.suggestionStates[status],
          model,
          first == null ? '' : `${texts.firstToken} ${first} ms`,
          total == null ? '' : `${texts.total} ${total} ms`,
        ].filter(Boolean).join(' · ')}
      </p>
      {text && <p>{text}</p>}
    </div>
  );
}
