import { describe, expect, it } from 'vitest';
import { padded, periodColumns, winRate } from '../dashboard/figures-data';
import { asked } from '../dashboard/list-query';
import { ARCHETYPES } from '../dashboard/lists';
import { archetypeColumns, metricColumns, sharesAt } from '../dashboard/plot-data';
import { listAddress, routeOf } from '../dashboard/route';
import type { ArchetypeEvent } from '../shared/wire';
import { metrics } from './events';

const archetype = (at: number, best: string): ArchetypeEvent => ({
  type: 'archetype', session: 'call-1', at, offset: 1, utterance: 'u1', source: 'mic', stable: null,
  ranking: ARCHETYPES.map((id) => ({ id, p: id === best ? 0.3 : 0.1 })),
  disc: [], evidence: [],
  big_five: { openness: 0, conscientiousness: 0, extraversion: 0, agreeableness: 0, neuroticism: 0 },
});

describe('plots of a call', () => {
  it('count time from the call’s start', () => {
    const [x, likelihood, , talk] = metricColumns([metrics(4_000), metrics(9_500)], 1_000);
    expect([x, likelihood, talk]).toEqual([[3, 8.5], [50, 50], [50, 50]]);
  });

  it('stack the shares to a hundred, the first on top', () => {
    const [x, ...stacks] = archetypeColumns([archetype(1_000, 'analyst'), archetype(3_000, 'sceptic')], 1_000, 8_000);
    expect(x).toEqual([0, 2, 7]);
    expect(stacks.map((stack) => Math.round(stack[0] ?? 0))).toEqual([100, 90, 60, 50, 40, 30, 20, 10]);
    expect(stacks.map((stack) => Math.round(stack[2] ?? 0))).toEqual([100, 90, 80, 70, 60, 50, 40, 30]);
  });

  it('name the shares in one order', () => {
    expect(sharesAt(archetype(1, 'sceptic')).map(({ id }) => id)).toEqual(ARCHETYPES);
  });
});

describe('figures', () => {
  const none = { calls: 0, won: 0, next_step: 0, lost: 0, raised: 0, handled: 0 };
  const periods = [
    { ...none, start: '2026-11-24', calls: 2, won: 1, lost: 3, raised: 5, handled: 2, objections: { price: [3, 1] as [number, number] } },
    { ...none, start: '2026-11-25', objections: {} },
  ];

  it('draw a period without a decided call as a gap', () => {
    expect(periodColumns(periods, null)).toEqual([[0, 1], [5, 0], [2, 0], [25, null]]);
    expect(periodColumns(periods, 'price')).toEqual([[0, 1], [3, 0], [1, 0], [25, null]]);
    expect(winRate({ ...none, calls: 3 })).toBeNull();
  });

  it('have empty periods before a few', () => {
    const days = padded(periods, 'day').map(({ start }) => start);
    expect([days.length, days[0], days.at(-1)]).toEqual([10, '2026-11-16', '2026-11-25']);
    expect(padded(periods.slice(0, 1), 'week').at(-2)?.start).toBe('2026-11-17');
  });
});

describe('an address', () => {
  it('says what is asked for', () => {
    const address = listAddress('history', { text: 'za drogo, 50%', seller: '', days: '7' });
    expect(routeOf(address)).toEqual({ page: 'history', query: { text: 'za drogo, 50%', days: '7' } });
    expect(asked({ days: '7', text: 'x' }, 10 * 86_400_000)).toEqual({ text: 'x', since: String(3 * 86_400_000) });
    expect(asked({ text: 'x' }, 1)).toEqual({ text: 'x' });
  });

  it('that is wrong leads to the wall or to a call that is not there', () => {
    expect(routeOf('#/nowhere')).toEqual({ page: 'wall' });
    expect(routeOf('#/call/%E0%A4%A')).toEqual({ page: 'call', id: '%E0%A4%A' });
    expect(routeOf('')).toEqual({ page: 'wall' });
  });
});
