/** What the seller asks of the server; false when offline. */
import type { Desk } from './desk';

const LOWEST_RATING = 1;

export function giveFeedback(desk: Desk, card: string, used: boolean): boolean {
  const rating = used ? undefined : { rating: LOWEST_RATING };
  return desk.send({ type: 'feedback', card, used, ...rating });
}

export function stopSuggestion(desk: Desk, card: string): boolean {
  const isRunning = desk.call.value.suggestions[card]?.status === 'started';
  return isRunning && desk.send({ type: 'cancel', card });
}
