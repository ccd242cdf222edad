import { categoryColour } from '../shared/colours';
import type { PageWords } from '../shared/page-texts';
import type { ObjectionEvent } from '../shared/wire';
import type { DashboardTexts } from './texts';

interface ListProps {
  objections: ObjectionEvent[];
  texts: DashboardTexts;
  words: PageWords;
  jump: (line: ObjectionEvent) => void;
}

const RANK: Record<ObjectionEvent['status'], number> = {
  confirmed: 0, provisional: 0, handled: 1, retracted: 2,
};

/** Open ones first: they are what the manager can still help with. */
export function ObjectionList({ objections, texts, words, jump }: ListProps) {
  if (objections.length === 0) return <p class="muted">{texts.noObjections}</p>;
  const sorted = [...objections].sort((a, b) => RANK[a.status] - RANK[b.status] || b.at - a.at);
  return (
    <ul class="findings">
      {sorted.map((objection) => {
        const { id, category, status, quote, confidence, by } = objection;
        return (
          <li key={id} class={status} style={{ '--category': categoryColour(category) }}>
            <span class="word">{words.categories[category]}</span>
            <span class="fate">{status === 'handled' && '✓ '}{words.statuses[status]}</span>
            <span class="muted">
              {Math.round(confidence * 100)} % · {by === 'judge' ? texts.byJudge : texts.byInstant}
            </span>
            <button type="button" class="plain" onClick={() => jump(objection)}><q>{quote}</q></button>
          </li>
        );
      })}
    </ul>
  );
}
