import type { Card } from './store';

/** Open cards that are still of use, newest first. */
export function shownCards(cards: Card[], now: number): Card[] {
  return cards.filter((card) => card.status === 'open' && card.deadline > now).reverse();
}

/** When the next shown card runs out, or null. */
export function nextDeadline(cards: Card[], now: number): number | null {
  const deadlines = shownCards(cards, now).map((card) => card.deadline);
  return deadlines.length > 0 ? Math.min(...deadlines) : null;
}
