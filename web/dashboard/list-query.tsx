/** What the history and the figures are asked for; it stands in the address, so that it can be sent on. */
import { useEffect, useState } from 'preact/hooks';
import { CATEGORIES } from '../shared/colours';
import { useObserved } from '../shared/hooks';
import type { Answer } from './api';
import { Choice, Field, FilterBar } from './filters';
import type { PageContext } from './main';
import { languageName } from './names';
import type { Office } from './office';
import { listAddress } from './route';

export type ListQuery = Record<string, string>;

const TYPING_MS = 300;
const DAY_MS = 86_400_000;
export const PERIODS: readonly (readonly [days: string, count: number])[] = [['7', 7], ['30', 30], ['90', 90], ['', 0]];
const OUTCOMES = ['won', 'next_step', 'lost', 'none'] as const;
const LANGUAGES = ['pl', 'de', 'en', 'auto'] as const;

/** `days` of the address as the server takes it: from when on. */
export function asked({ days, ...query }: ListQuery, now: number): ListQuery {
  const count = Number(days);
  return count > 0 ? { ...query, since: String(now - count * DAY_MS) } : query;
}

export function QueryBar({ context, page, query }: {
  context: PageContext; page: 'history' | 'figures'; query: ListQuery;
}) {
  const { texts, words } = context;
  const narrow = (change: ListQuery) => {
    // Typing must not fill the way back with every letter.
    history.replaceState(null, '', listAddress(page, { ...query, ...change }));
    window.dispatchEvent(new HashChangeEvent('hashchange'));
  };
  const set = (name: string) => (value: string) => narrow({ [name]: value });
  return (
    <FilterBar label={texts.narrow}>
      {page === 'history' && (
        <Field label={texts.said} value={query['text'] ?? ''} placeholder={texts.saidPlaceholder} change={set('text')} />
      )}
      <Field label={texts.seller} value={query['seller'] ?? ''} change={set('seller')} />
      <Choice label={texts.outcome} value={query['outcome'] ?? ''} choose={set('outcome')}
        options={[['', texts.all], ...OUTCOMES.map((outcome) => [outcome, words.outcomes[outcome]] as const)]} />
      {page === 'history' && (
        <Choice label={texts.objection} value={query['objection'] ?? ''} choose={set('objection')}
          options={[['', texts.all], ...CATEGORIES.map((category) => [category, words.categories[category]] as const)]} />
      )}
      <Choice label={texts.language} value={query['language'] ?? ''} choose={set('language')}
        options={[['', texts.all], ...LANGUAGES.map((code) => [code, languageName(code, context.language)] as const)]} />
      <Choice label={texts.period} value={query['days'] ?? ''} choose={set('days')}
        options={PERIODS.map(([days, count]) => [days, count === 0 ? texts.always : texts.lastDays(count)] as const)} />
    </FilterBar>
  );
}

/** Asks when the reader has stopped typing, and anew after signing in; a late answer to an old question is dropped. */
export function useAnswer<T>(office: Office, query: ListQuery, ask: () => Promise<Answer<T>>) {
  const needsToken = useObserved(office.needsToken);
  const [answer, setAnswer] = useState<Answer<T> | null>(null);
  const [isAsking, setAsking] = useState(true);
  const [again, setAgain] = useState(0);
  useEffect(() => {
    if (needsToken) return undefined;
    let isCurrent = true;
    setAsking(true);
    const timer = setTimeout(() => void ask().then((given) => {
      if (!isCurrent) return;
      setAnswer(given);
      setAsking(false);
    }), answer ? TYPING_MS : 0);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [JSON.stringify(query), needsToken, again]);
  return { answer, setAnswer, isAsking, retry: () => setAgain(again + 1) };
}
