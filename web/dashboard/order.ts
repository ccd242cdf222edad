/** Where the tiles stand. Pure. A tile keeps its place until the wall is sorted anew. */
import type { SessionEvent } from '../shared/wire';
import type { Wall } from '../shared/wall';
import { LEVELS, needOf, type Level, type Need } from './need';

export interface Filter { seller: string; pack: string; language: string }
export const everyCall: Filter = { seller: '', pack: '', language: '' };

export interface Order {
  /** Ids as they stand, by level. */
  placed: Record<Level, string[]>;
  needs: Record<string, Need>;
}
export const emptyOrder: Order = { placed: { help: [], watch: [], calm: [] }, needs: {} };

export function fits(filter: Filter, { seller, pack, language }: SessionEvent): boolean {
  return (
    seller.toLowerCase().includes(filter.seller.trim().toLowerCase()) &&
    (filter.pack === '' || pack === filter.pack) &&
    (filter.language === '' || language === filter.language)
  );
}

/** Every call's need as of now; who is new stands behind the others of its level, nobody moves. */
export function follow(order: Order, wall: Wall, now: number): Order {
  const needs: Record<string, Need> = {};
  for (const call of Object.values(wall.sessions)) {
    needs[call.session] = needOf(wall, call, now, order.needs[call.session]?.level ?? 'calm');
  }
  const known = new Set(LEVELS.flatMap((level) => order.placed[level]));
  const fresh = Object.keys(needs).filter((id) => !known.has(id)).sort(bySeniority(wall));
  const placed = mapLevels((level) => [
    ...order.placed[level].filter((id) => id in needs),
    ...fresh.filter((id) => needs[id]?.level === level),
  ]);
  return { placed, needs };
}

/** Each call in its level; within it, those in more need first. Equals stand by age. */
export function arrange(order: Order, wall: Wall): Order {
  const ids = Object.keys(order.needs).sort(bySeniority(wall));
  const score = (id: string) => order.needs[id]?.score ?? 0;
  const placed = mapLevels((level) => {
    const own = ids.filter((id) => order.needs[id]?.level === level);
    // Calm calls stand by age alone: there is nothing to look for among them.
    return level === 'calm' ? own : own.sort((a, b) => score(b) - score(a));
  });
  return isSame(placed, order.placed) ? order : { ...order, placed };
}

function isSame(one: Order['placed'], other: Order['placed']): boolean {
  return LEVELS.every((level) => one[level].join(' ') === other[level].join(' '));
}

function mapLevels(ids: (level: Level) => string[]): Order['placed'] {
  return { help: ids('help'), watch: ids('watch'), calm: ids('calm') };
}

function bySeniority({ sessions }: Wall) {
  const start = (id: string) => sessions[id]?.started_at ?? 0;
  return (a: string, b: string) => start(a) - start(b) || (a < b ? -1 : 1);
}
