import { describe, expect, it } from 'vitest';
import { nextDeadline, shownCards } from '../shared/cards';
import { markQuotes } from '../shared/marks';
import { applyEvent, emptyCall, type Call } from '../shared/store';
import type { ServerEvent, State } from '../shared/wire';
import { card, final, objection, suggestion, welcome } from './events';

const NOW = 1_000;

function fold(call: Call, events: ServerEvent[], now = NOW): Call {
  return events.reduce((before, event) => applyEvent(before, event, now), call);
}

/** What a server's snapshot holds of durable events: newest of each, cards only while open. */
function snapshot(call: Call): State {
  const open = call.cards.filter(({ status }) => status === 'open');
  return {
    transcript: call.transcript, objections: call.objections, signals: call.signals,
    archetype: call.archetype, stage: call.stage,
    cards: open.map(({ deadline: _deadline, ...event }) => event),
    ...(call.ended && { outcome: call.outcome }),
  };
}

/** A call with everything that changes its mind, cut by the law tests at every place. */
const story: ServerEvent[] = [
  final(1),
  { type: 'stage', session: 'call-1', at: NOW, offset: 2, utterance: 'u1', source: 'mic', stage: 'opening', confidence: 0.9 },
  objection(3),
  card(4),
  objection(5, { status: 'confirmed', confidence: 0.95 }),
  objection(6, { id: 'o2', category: 'trust', quote: 'scam' }),
  card(7, { id: 'c2', trigger: { type: 'objection', id: 'o2' } }),
  objection(8, { id: 'o2', category: 'trust', status: 'retracted' }),
  card(9, { id: 'c2', status: 'closed', why: 'retracted' }),
  final(10, { speaker: 'seller' }),
  objection(11, { status: 'handled' }),
  card(12, { status: 'closed', why: 'handled' }),
  card(13, { id: 'c3', trigger: { type: 'ask', id: 'a1' } }),
  { type: 'ended', session: 'call-1', at: NOW, offset: 14, outcome: 'won' },
];

describe('the law', () => {
  const whole = snapshot(fold(emptyCall('call-1'), story));

  it.each(story.map((_event, index) => index))('holds for a snapshot as of offset %i', (offset) => {
    const before = fold(emptyCall('call-1'), story.slice(0, offset));
    const greeted = applyEvent(
      emptyCall('call-1'), welcome({ offset, state: snapshot(before) }), NOW,
    );
    const later = fold(greeted, story.slice(offset));
    expect(snapshot(later)).toEqual(whole);
    expect(later.offset).toBe(14);
  });

  it('holds over a resume with events that arrive twice', () => {
    const before = fold(emptyCall('call-1'), story.slice(0, 8));
    const greeted = applyEvent(before, welcome({ offset: 14, resumed: true }), NOW);
    expect(snapshot(fold(greeted, story.slice(4)))).toEqual(whole);
  });

  it('lets a snapshot overrule what was known', () => {
    const before = fold(emptyCall('call-1'), story);
    const state = { transcript: [final(1)], objections: [objection(2)], cards: [] };
    const after = applyEvent(before, welcome({ epoch: 'e2', offset: 2, state, ended: false }), NOW);
    expect(snapshot(after)).toMatchObject({ ...state, signals: [], stage: null });
    expect([after.ended, after.offset, after.epoch]).toEqual([false, 2, 'e2']);
  });
});

describe('transcript', () => {
  it('shows the newest interim of an utterance until its final comes', () => {
    const interim = (text: string) => final(1, { offset: null, final: false, text });
    const spoken = fold(emptyCall('call-1'), [interim('It is'), interim('It was too')]);
    expect(spoken.interims.map(({ text }) => text)).toEqual(['It was too']);
    const done = fold(spoken, [final(1), interim('late')]);
    expect([done.interims, done.transcript.length]).toEqual([[], 1]);
  });
});

describe('cards', () => {
  it('are shown for as long as they were meant to last, whatever the two clocks say', () => {
    const arrived = 5_000_000;
    const call = fold(emptyCall('call-1'), [card(1, { at: 1_000, expires_at: 21_000 })], arrived);
    expect(nextDeadline(call.cards, arrived)).toBe(arrived + 20_000);
    expect(shownCards(call.cards, arrived + 19_999)).toHaveLength(1);
    expect(shownCards(call.cards, arrived + 20_000)).toHaveLength(0);
  });

  it('are not shown when a replay brings them after their time, by a skewed clock too', () => {
    const skew = 5_000_000;
    const live = fold(emptyCall('call-1'), [final(1, { at: 1_000 })], 1_000 + skew);
    const greeted = applyEvent(live, welcome({ offset: 3, resumed: true }), 30_000 + skew);
    const cards = [card(2, { at: 2_000, expires_at: 22_000 }), card(3, { id: 'c2', at: 20_000, expires_at: 40_000 })];
    const call = fold(greeted, cards, 30_000 + skew);
    expect(shownCards(call.cards, 30_000 + skew).map(({ id }) => id)).toEqual(['c2']);
  });

  it('go newest first', () => {
    const call = fold(emptyCall('call-1'), [card(1), card(2, { id: 'c2' })]);
    expect(shownCards(call.cards, NOW).map(({ id }) => id)).toEqual(['c2', 'c1']);
  });
});

describe('tokens', () => {
  const token = (start: number, text: string) =>
    ({ type: 'token', session: 'call-1', at: NOW, card: 'c1', start, text }) as const;
  const textOf = (call: Call) => call.suggestions['c1']?.text;
  const started = fold(emptyCall('call-1'), [card(1), suggestion(2)]);

  it('join by their start, counted as JavaScript counts', () => {
    expect(textOf(fold(started, [token(0, 'Ja 👍'), token(5, ' gern')]))).toBe('Ja 👍 gern');
  });

  it('change nothing when they come twice and fill up when they overlap', () => {
    const call = fold(started, [token(0, 'one '), token(0, 'one '), token(2, 'e two')]);
    expect(textOf(call)).toBe('one two');
  });

  it('wait for the end after a hole', () => {
    const holed = fold(started, [token(0, 'one '), token(9, 'four')]);
    expect(textOf(holed)).toBe('one ');
    expect(textOf(fold(holed, [suggestion(3, { status: 'done', text: 'one two three four' })])))
      .toBe('one two three four');
  });

  it('go on from what a welcome brings, over a replayed start', () => {
    const greeted = applyEvent(
      emptyCall('call-1'),
      welcome({ offset: 2, resumed: true, state: { streaming: { c1: 'one two' } } }),
      NOW,
    );
    const call = fold(greeted, [card(1), suggestion(2), token(7, ' three')]);
    expect(textOf(call)).toBe('one two three');
  });

  it('come to nothing after the end', () => {
    const call = fold(started, [token(0, 'one'), suggestion(3, { status: 'cancelled' }), token(3, ' two')]);
    expect(call.suggestions['c1']).toMatchObject({ status: 'cancelled', text: 'one' });
  });
});

describe('marks', () => {
  const text = 'Honestly, it is too expensive. Is it a scam?';

  it('stand where the quote was said', () => {
    const pieces = markQuotes(text, [objection(1), objection(2, { id: 'o2', quote: 'a scam' })]);
    expect(pieces.map((piece) => [piece.text, piece.objection?.id ?? null])).toEqual([
      ['Honestly, it is ', null], ['too expensive', 'o1'], ['. Is it ', null], ['a scam', 'o2'], ['?', null],
    ]);
  });

  it('vanish with a retraction', () => {
    const call = fold(emptyCall('call-1'), [objection(1), objection(2, { status: 'retracted' })]);
    expect(markQuotes(text, call.objections)).toEqual([{ text, objection: null }]);
  });

  it('leave out a quote that overlaps or is not there', () => {
    const pieces = markQuotes(text, [
      objection(1), objection(2, { id: 'o2', quote: 'expensive' }), objection(3, { id: 'o3', quote: 'never said' }),
    ]);
    expect(pieces.filter((piece) => piece.objection)).toHaveLength(1);
  });
});
