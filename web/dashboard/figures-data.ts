/** Columns of the figures' plot, and rates. Pure. */
import type { Category } from '../shared/taxonomy';
import type { Tally, TeamFigures } from './api';
import type { Columns } from './plot-data';

const FEWEST_PERIODS = 10;

/** 0–1: of the calls with an outcome, those won; null without one. */
export function winRate({ won, next_step: nextStep, lost }: Tally): number | null {
  const decided = won + nextStep + lost;
  return decided > 0 ? won / decided : null;
}

/** A few bars need empty ones before them, else each would be as wide as the plot. */
export function padded(periods: TeamFigures['periods'], by: 'day' | 'week'): TeamFigures['periods'] {
  const first = periods[0];
  if (!first) return periods;
  const missing = Math.max(0, FEWEST_PERIODS - periods.length);
  const empty = Array.from({ length: missing }, (_v, index) => {
    const day = new Date(`${first.start}T00:00Z`);
    day.setUTCDate(day.getUTCDate() - (missing - index) * (by === 'week' ? 7 : 1));
    const start = day.toISOString().slice(0, 10);
    return { start, calls: 0, won: 0, next_step: 0, lost: 0, raised: 0, handled: 0, objections: {} };
  });
  return [...empty, ...periods];
}

/** Place of the period, raised, handled (before it, so that it covers), win rate in percent. */
export function periodColumns(periods: TeamFigures['periods'], category: Category | null): Columns {
  const counts = periods.map((period) =>
    category === null ? [period.raised, period.handled] as const : period.objections[category] ?? [0, 0] as const,
  );
  return [
    periods.map((_period, index) => index),
    counts.map(([raised]) => raised),
    counts.map(([, handled]) => handled),
    periods.map((period) => {
      const rate = winRate(period);
      return rate === null ? null : rate * 100;
    }),
  ];
}
