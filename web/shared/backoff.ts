/** What a close code's range asks of the client, and how long it waits before it comes back. */

const FIRST_CEILING_MS = 1_000;
const LAST_CEILING_MS = 30_000;
/** A hidden page helps nobody at once, so it may wait longer and spare the server. */
const HIDDEN_FACTOR = 4;
/** Even a lucky draw waits this long: reconnecting never becomes a hot loop. */
const FLOOR_MS = 100;

export type CloseAction = 'stop' | 'backoff' | 'at_once';

export function closeAction(code: number): CloseAction {
  if (code >= 4000 && code <= 4099) return 'stop';
  if (code >= 4100 && code <= 4199) return 'backoff';
  return 'at_once';
}

export interface Retry {
  /** Closes in a row without a stable connection between them, this one not counted. */
  failures: number;
  hidden: boolean;
  /** What the server asked for, if it did. */
  askedMs: number;
  random: () => number;
}

/** Milliseconds until the next attempt, or null: do not come back. */
export function retryDelay(code: number, retry: Retry): number | null {
  const action = closeAction(code);
  if (action === 'stop') return null;
  const askedMs = Math.min(retry.askedMs, LAST_CEILING_MS);
  if (action === 'at_once' && retry.failures === 0) return askedMs;
  const doubled = FIRST_CEILING_MS * 2 ** Math.min(retry.failures, 10);
  const ceiling = Math.min(doubled, LAST_CEILING_MS) * (retry.hidden ? HIDDEN_FACTOR : 1);
  return Math.max(FLOOR_MS, askedMs + retry.random() * ceiling);
}
