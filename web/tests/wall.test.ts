import { describe, expect, it } from 'vitest';
import { applyToWall, awaitSessions, byNeed, emptyWall, type Wall } from '../shared/wall';
import type { ServerEvent, SessionEvent } from '../shared/wire';

const session = (id: string, metrics: Record<string, number> = {}): SessionEvent => ({
  type: 'session', session: id, at: 1, seller: 'Amy', pack: 'saas', language: 'en', stage: null,
  archetype: null, metrics, last_line: '', started_at: 1, objections: [], hand: false,
});
const hand = (id: string) =>
  ({ type: 'raise_hand', session: id, at: 1, offset: 4 }) satisfies ServerEvent;
const fold = (events: ServerEvent[], wall: Wall = emptyWall) => events.reduce(applyToWall, wall);
const order = (wall: Wall) => byNeed(wall).map((one) => one.session);

describe('wall', () => {
  it('puts who asks for help first, then who is about to lose', () => {
    const wall = fold([
      session('calm', { purchase_likelihood: 80, churn_risk: 10 }),
      session('losing', { purchase_likelihood: 20, churn_risk: 70 }),
      session('asking', { purchase_likelihood: 60, churn_risk: 20 }),
      hand('asking'),
    ]);
    expect(order(wall)).toEqual(['asking', 'losing', 'calm']);
  });

  it('lowers a hand when somebody whispers', () => {
    const wall = fold([session('a'), hand('a'), { type: 'whisper', session: 'a', at: 2, offset: 5, from: 'Ewa', text: 'x' }]);
    expect(wall.hands).toEqual({});
  });

  it('remembers a hand over a reconnect', () => {
    const wall = fold([session('a')], awaitSessions(fold([session('a'), hand('a')])));
    expect(Object.keys(wall.hands)).toEqual(['a']);
  });

  it('takes an ended call away, and a late line does not bring it back', () => {
    const wall = fold([session('a'), { type: 'ended', session: 'a', at: 2, offset: 9, outcome: null }, session('a')]);
    expect(order(wall)).toEqual([]);
  });

  it('keeps the newest 60 likelihoods', () => {
    const events = Array.from({ length: 80 }, (_v, at) => session('a', { purchase_likelihood: at }));
    expect(fold(events).likelihoods['a']).toEqual(Array.from({ length: 60 }, (_v, at) => at + 20));
  });
});
