import { useNow } from '../shared/hooks';
import type { Language } from '../shared/taxonomy';

const SECOND_MS = 1_000;

/** Minutes and seconds since an instant (Unix ms), ticking. */
export function Elapsed({ since }: { since: number }) {
  const now = Date.now();
  useNow(now + SECOND_MS - ((now - since) % SECOND_MS));
  return <span class="muted elapsed">{duration(now - since)}</span>;
}

export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / SECOND_MS));
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${String(seconds % 60).padStart(2, '0')}`;
}

/** `instant`: Unix ms or ISO 8601. */
export function dateAndTime(instant: number | string, language: Language): string {
  return new Date(instant).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'short' });
}
