import { describe, expect, it } from 'vitest';
import { applyToWall, awaitSessions, emptyWall, type Wall } from '../shared/wall';
import type { ServerEvent } from '../shared/wire';
import { hand, line } from './events';

const fold = (events: ServerEvent[], wall: Wall = emptyWall) => events.reduce(applyToWall, wall);
const whisper: ServerEvent = { type: 'whisper', session: 'a', at: 2, offset: 5, from: 'Ewa', text: 'x' };

describe('wall', () => {
  it('lowers a hand when somebody whispers, here or elsewhere', () => {
    const raised = fold([line('a', { hand: true }), hand('a')]);
    expect(Object.keys(raised.hands)).toEqual(['a']);
    expect(fold([whisper], raised).hands).toEqual({});
    expect(fold([line('a', { hand: false })], raised).hands).toEqual({});
  });

  it('remembers what a hand said over a reconnect', () => {
    const again = fold([line('a', { hand: true })], awaitSessions(fold([line('a', { hand: true }), hand('a')])));
    expect(Object.keys(again.hands)).toEqual(['a']);
  });

  it('takes an ended call away, and a late line does not bring it back', () => {
    const wall = fold([line('a'), { type: 'ended', session: 'a', at: 2, offset: 9, outcome: null }, line('a')]);
    expect(wall.sessions).toEqual({});
  });

  it('keeps the newest 60 likelihoods', () => {
    const events = Array.from({ length: 80 }, (_v, at) => line('a', { metrics: { purchase_likelihood: at } }));
    expect(fold(events).likelihoods['a']).toEqual(Array.from({ length: 60 }, (_v, at) => at + 20));
  });

  it('knows when something new was last said', () => {
    const wall = fold([
      line('a', { at: 1, last_line: 'hello' }), line('a', { at: 5, last_line: 'hello' }),
    ]);
    expect(wall.spokenAt['a']).toBe(1);
    expect(fold([line('a', { at: 9, last_line: 'so' })], wall).spokenAt['a']).toBe(9);
  });
});
