import { describe, expect, it } from 'vitest';
import { closeAction, retryDelay } from '../shared/backoff';

const calm = { failures: 0, hidden: false, askedMs: 0, random: () => 1 };

describe('closeAction', () => {
  it.each([
    [4000, 'stop'], [4001, 'stop'], [4009, 'stop'], [4099, 'stop'],
    [4100, 'backoff'], [4108, 'backoff'], [4199, 'backoff'],
    [4200, 'at_once'], [4203, 'at_once'], [4299, 'at_once'],
    [1000, 'at_once'], [1001, 'at_once'], [1006, 'at_once'], [1012, 'at_once'],
  ])('reads code %i as %s', (code, action) => expect(closeAction(code)).toBe(action));
});

describe('retryDelay', () => {
  it('never comes back after a code that stops', () => {
    expect(retryDelay(4003, calm)).toBeNull();
  });

  it('comes back at once from the first ordinary close, and only from the first', () => {
    expect(retryDelay(1006, calm)).toBe(0);
    expect(retryDelay(4200, calm)).toBe(0);
    expect(retryDelay(1006, { ...calm, failures: 1 })).toBeGreaterThan(0);
  });

  it('draws between the floor and a ceiling that doubles up to 30 s', () => {
    const longest = (failures: number) => retryDelay(4101, { ...calm, failures });
    expect([0, 1, 2, 3, 4, 5, 50].map(longest))
      .toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    expect(retryDelay(4101, { ...calm, failures: 9, random: () => 0 })).toBe(100);
  });

  it('waits longer on a hidden page', () => {
    expect(retryDelay(4101, { ...calm, hidden: true })).toBe(4_000);
  });

  it('waits at least as long as the server asked', () => {
    expect(retryDelay(4101, { ...calm, askedMs: 5_000, random: () => 0 })).toBe(5_000);
    expect(retryDelay(4200, { ...calm, askedMs: 700 })).toBe(700);
  });
});
