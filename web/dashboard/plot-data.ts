/** Columns for the plots. Pure. Times are seconds from the call's start, shares percent. */
import { ARCHETYPES } from './lists';
import type { ArchetypeEvent, ArchetypeShare } from '../shared/wire';
import type { Figures } from './opened-call';

export type Columns = [number[], ...(number | null)[][]];

const MS = 1_000;

export function metricColumns(metrics: Figures[], startedAt: number): Columns {
  return [
    metrics.map(({ at }) => (at - startedAt) / MS),
    metrics.map((point) => point.purchase_likelihood),
    metrics.map((point) => point.churn_risk),
    metrics.map((point) => point.talk_ratio * 100),
  ];
}

/**
 * Each archetype's share on top of those after it in the taxonomy's order: drawn one over the other, filled, they are
 * a stacked area. The newest shares hold until `endAt` (Unix ms).
 */
export function archetypeColumns(events: ArchetypeEvent[], startedAt: number, endAt: number): Columns {
  const last = events.at(-1);
  const held = last && endAt > last.at ? [...events, { ...last, at: endAt }] : events;
  const stacks = held.map(({ ranking }) => {
    const share = new Map(ranking.map(({ id, p }) => [id, p * 100]));
    let sum = 0;
    return [...ARCHETYPES].reverse().map((id) => (sum += share.get(id) ?? 0)).reverse();
  });
  return [
    held.map(({ at }) => (at - startedAt) / MS),
    ...ARCHETYPES.map((_id, index) => stacks.map((stack) => stack[index] ?? 0)),
  ];
}

/** In the taxonomy's order, so that no name jumps while the call runs. */
export function sharesAt({ ranking }: ArchetypeEvent): ArchetypeShare[] {
  const share = new Map(ranking.map(({ id, p }) => [id, p]));
  return ARCHETYPES.map((id) => ({ id, p: share.get(id) ?? 0 }));
}
