import { categoryColour } from '../shared/colours';
import type { PageWords } from '../shared/page-texts';
import type { ObjectionEvent } from '../shared/wire';
import type { DashboardTexts } from './texts';

interface ListProps { objections: ObjectionEvent[]; texts: DashboardTexts; words: PageWords }

export function ObjectionList({ objections, texts, words }: ListProps) {
  if (objections.length === 0) return <p class="muted">{texts.noObjections}</p>;
  return (
    <ul class="findings">
      {objections.map(({ id, category, status, quote, confidence, by }) => (
        <li key={id} class={status} style={{ '--category': categoryColour(category) }}>
          <span class="word">{words.categories[category]}</span>
          <span class="fate">{status === 'handled' && '✓ '}{words.statuses[status]}</span>
          <q>{quote}</q>
          <span class="muted">
            {Math.round(confidence * 100)} % · {by === 'judge' ? texts.byJudge : texts.byInstant}
          </span>
        </li>
      ))}
    </ul>
  );
}
