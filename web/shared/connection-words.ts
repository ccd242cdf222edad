import type { PageWords } from './page-texts';
import type { Status } from './socket';

export function connectionWords(words: PageWords, { state, code }: Status): string {
  const why = state === 'stopped' && code !== null ? words.stoppedBy[code] : undefined;
  return why ?? words.connection[state];
}
