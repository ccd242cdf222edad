import type { Status } from './socket';
import type { Words } from './words';

const STOPPED_BY: Record<number, 'unauthorized' | 'forbidden' | 'replaced'> = {
  4001: 'unauthorized',
  4003: 'forbidden',
  4009: 'replaced',
};

export function connectionWords(words: Words, { state, code }: Status): string {
  const reason = state === 'stopped' && code !== null ? STOPPED_BY[code] : undefined;
  return words.connection[reason ?? state];
}
