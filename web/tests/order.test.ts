import { describe, expect, it } from 'vitest';
import { needOf, type Level } from '../dashboard/need';
import { arrange, emptyOrder, everyCall, fits, follow, type Order } from '../dashboard/order';
import { applyToWall, emptyWall, type Wall } from '../shared/wall';
import type { ServerEvent, SessionEvent } from '../shared/wire';
import { hand, line } from './events';

const NOW = 30_000;
const fold = (events: ServerEvent[], wall: Wall = emptyWall) => events.reduce(applyToWall, wall);
const need = (wall: Wall, id: string, now = NOW, before: Level = 'calm') =>
  needOf(wall, wall.sessions[id] as SessionEvent, now, before);
const kinds = (wall: Wall, id: string, now = NOW) => need(wall, id, now).reasons.map(({ kind }) => kind);

describe('need', () => {
  it('says in order why a call is up there', () => {
    const wall = fold([
      line('a', { hand: true, objections: ['price', 'trust'], metrics: { churn_risk: 72 } }), hand('a'),
    ]);
    expect(need(wall, 'a')).toMatchObject({
      level: 'help',
      reasons: [
        { kind: 'hand', text: 'can I give ten percent?' },
        { kind: 'objections', categories: ['price', 'trust'] },
        { kind: 'risk', percent: 72 },
      ],
    });
  });

  it('notices silence, a fall and too much talk', () => {
    const high = line('a', { at: 1_000, metrics: { purchase_likelihood: 70, talk_ratio: 0.9 } });
    const wall = fold([high, { ...high, metrics: { purchase_likelihood: 48, talk_ratio: 0.9 } }]);
    expect(kinds(wall, 'a')).toEqual(['fall']);
    expect(kinds(wall, 'a', 50_000)).toEqual(['fall', 'silence']);
    expect(kinds(wall, 'a', 130_000)).toEqual(['silence', 'fall', 'talk']);
  });

  it('leaves a level later than it enters it', () => {
    const wall = fold([line('a', { metrics: { churn_risk: 65 } })]);
    expect(need(wall, 'a').level).toBe('calm');
    expect(need(wall, 'a', NOW, 'watch').level).toBe('watch');
    expect(need(fold([line('a', { metrics: { churn_risk: 61 } })]), 'a', NOW, 'watch').level).toBe('calm');
  });

  it('is nothing in a call that runs well', () => {
    expect(need(fold([line('a', { metrics: { churn_risk: 20, talk_ratio: 0.5 } })]), 'a')).toEqual({
      level: 'calm', score: 0, reasons: [],
    });
  });
});

describe('order', () => {
  const calm = [line('a', { started_at: 1 }), line('b', { started_at: 2 }), line('c', { started_at: 3 })];
  const sorted = (wall: Wall, before: Order = emptyOrder) => arrange(follow(before, wall, NOW), wall);

  it('puts who asks for help first', () => {
    const wall = fold([...calm, line('c', { started_at: 3, hand: true }), line('b', { started_at: 2, objections: ['price'] })]);
    expect(sorted(wall).placed).toEqual({ help: ['c'], watch: ['b'], calm: ['a'] });
  });

  it('moves nothing until it is sorted anew, but knows the new need at once', () => {
    const before = sorted(fold(calm));
    const wall = fold([...calm, line('c', { started_at: 3, hand: true })]);
    const followed = follow(before, wall, NOW);
    expect(followed.placed.calm).toEqual(['a', 'b', 'c']);
    expect(followed.needs['c']?.level).toBe('help');
    expect(arrange(followed, wall).placed).toMatchObject({ help: ['c'], calm: ['a', 'b'] });
  });

  it('puts a new call behind the others of its level, and forgets an ended one', () => {
    const before = sorted(fold(calm));
    const wall = fold([...calm, line('z', { started_at: 0 }), { type: 'ended', session: 'a', at: 2, offset: 9, outcome: null }]);
    expect(follow(before, wall, NOW).placed.calm).toEqual(['b', 'c', 'z']);
  });

  it('does not reorder calm calls by their figures', () => {
    const figures = (id: string, churn: number) => line(id, { started_at: id === 'a' ? 1 : 2, metrics: { churn_risk: churn } });
    expect(sorted(fold([figures('a', 51), figures('b', 58)])).placed.calm).toEqual(['a', 'b']);
    expect(sorted(fold([figures('a', 58), figures('b', 51)])).placed.calm).toEqual(['a', 'b']);
  });

  it('keeps the same order when nothing has changed', () => {
    const wall = fold(calm);
    const followed = follow(sorted(wall), wall, NOW);
    expect(arrange(followed, wall)).toBe(followed);
  });

  it('filters by seller, pack and language', () => {
    const call = line('a', { seller: 'Łucja Nowak', pack: 'ev', language: 'pl' });
    expect(fits(everyCall, call)).toBe(true);
    expect(fits({ ...everyCall, seller: ' łucja' }, call)).toBe(true);
    expect(fits({ ...everyCall, pack: 'saas' }, call)).toBe(false);
    expect(fits({ ...everyCall, language: 'pl' }, call)).toBe(true);
  });
});
