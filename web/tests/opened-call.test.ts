import { describe, expect, it } from 'vitest';
import { applyLive, applyRecord, isWhole, openCall } from '../dashboard/opened-call';
import type { MetricsEvent } from '../shared/wire';
import { card, final, objection, welcome } from './events';

const events = [final(1), objection(2), card(3), card(4, { status: 'closed', why: 'handled' })];
const record = { epoch: 'e1', offset: 4, events };
const metrics = (at: number): MetricsEvent => ({
  type: 'metrics', session: 'call-1', at, purchase_likelihood: 50, churn_risk: 20, fun_drive: 1,
  overnight_value: 1, talk_ratio: 0.5, words_per_minute: 120, longest_monologue_ms: 0,
  open_objections: 0,
});

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
});
