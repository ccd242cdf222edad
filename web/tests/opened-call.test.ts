import { describe, expect, it } from 'vitest';
import { applyKept, applyLive, applyRecord, isWhole, lineAt, openCall } from '../dashboard/opened-call';
import { card, final, metrics, objection, welcome } from './events';

const events = [final(1), objection(2), card(3), card(4, { status: 'closed', why: 'handled' })];
const record = { epoch: 'e1', offset: 4, events };
describe('an opened call', () => {
  it('shows closed cards too, and goes on with what happens', () => {
    const read = applyRecord(openCall('call-1'), record, 1_000);
    const resumed = applyLive(read, welcome({ offset: 5, resumed: true }), 1_000);
    const { call } = applyLive(resumed, objection(5, { status: 'handled' }), 1_000);
    expect(call.cards.map(({ status }) => status)).toEqual(['closed']);
    expect(call.objections.map(({ status }) => status)).toEqual(['handled']);
    expect(call.offset).toBe(5);
  });

  it('knows a record whose first events are gone', () => {
    expect(isWhole(record)).toBe(true);
    expect(isWhole({ ...record, events: events.slice(2) })).toBe(false);
  });

  it('thins its figures out instead of growing for ever', () => {
    const many = Array.from({ length: 7_000 }, (_v, at) => metrics(at));
    const opened = many.reduce((before, event) => applyLive(before, event, 1_000), openCall('call-1'));
    expect(opened.metrics.length).toBeLessThanOrEqual(3_000);
    expect(opened.metrics.at(-1)?.at).toBeGreaterThan(6_990);
  });

  it('puts the figures that were kept before those that it heard', () => {
    const heard = applyLive(openCall('call-1'), metrics(3_000), 1_000);
    const { metrics: all, startedAt } = applyKept(heard, [metrics(1_000), metrics(3_000)]);
    expect([all.map(({ at }) => at), startedAt]).toEqual([[1_000, 3_000], 1_000]);
  });

  it('knows what was said last at an instant', () => {
    const lines = [final(1, { at: 1_000 }), final(2, { at: 2_000 })];
    expect(lineAt(lines, 1_999)?.offset).toBe(1);
    expect(lineAt(lines, 2_000)?.offset).toBe(2);
    expect(lineAt(lines, 0)?.offset).toBe(1);
    expect(lineAt([], 5)).toBeNull();
  });
});
