import { useEffect, useState } from 'preact/hooks';
import type { Language } from '../shared/taxonomy';

const SECOND_MS = 1_000;
const MINUTE_S = 60;

/** One clock for all that tick: a wall of 200 calls needs no 200 timers. */
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** Calls back about once a second; returns its own end. */
export function everySecond(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => listeners.forEach((tell) => tell()), SECOND_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** Minutes and seconds since an instant (Unix ms of the server), ticking. `skew`: our clock minus the server's. */
export function Elapsed({ since, skew = 0 }: { since: number; skew?: number }) {
  const shown = () => duration(Date.now() - skew - since);
  const [text, setText] = useState(shown);
  useEffect(() => {
    setText(shown());
    return everySecond(() => setText(shown()));
  }, [since, skew]);
  return <span class="elapsed">{text}</span>;
}

export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / SECOND_MS));
  const minutes = Math.floor(seconds / MINUTE_S);
  const rest = String(seconds % MINUTE_S).padStart(2, '0');
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${rest}`;
}

/** `instant`: Unix ms. */
export function dateAndTime(instant: number, language: Language): string {
  return new Date(instant).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'short' });
}

export function clockTime(instant: number, language: Language): string {
  return new Date(instant).toLocaleTimeString(language, { timeStyle: 'short' });
}

export function money(usd: number, language: Language): string {
  return `${usd.toLocaleString(language, { maximumFractionDigits: 4 })} USD`;
}

/** `share`: 0–1, or null without anything to share. */
export function percent(share: number | null): string {
  return share === null || !Number.isFinite(share) ? '–' : `${Math.round(share * 100)} %`;
}
