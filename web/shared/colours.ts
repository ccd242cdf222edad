import type { Category } from './taxonomy';

export const CATEGORIES: readonly Category[] = [
  'price', 'timing', 'need', 'authority', 'trust', 'competition', 'product_fit', 'stall',
];

/** A CSS value; `colours.css` says what it is in light and in dark. */
export function categoryColour(category: Category | null): string {
  return `var(--category-${category ?? 'none'})`;
}
