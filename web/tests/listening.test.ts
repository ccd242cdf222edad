import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SpokenLine } from '../widget/desk';
import { Listening } from '../widget/said/listening';
import { FakeSpeech } from './fake-speech';

let lines: (SpokenLine & { source: string | undefined })[];
let takes: boolean;
let track: MediaStreamTrack | null;

function listening(): Listening {
  const began = Date.now();
  return new Listening({
    make: () => new FakeSpeech(),
    tabSound: async () => track,
    desk: {
      speak: (line, source) => {
        lines.push({ ...line, source });
        return takes;
      },
      openTab: () => undefined,
      callTime: () => Date.now() - began,
    },
  });
}

const said = () => lines.map(({ speaker, text, final }) => [speaker, text, final]);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('document', { hidden: true });
  vi.stubGlobal('navigator', { languages: ['de-AT', 'en'] });
  FakeSpeech.made = [];
  lines = [];
  takes = true;
  track = null;
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('an utterance', () => {
  it('grows under one id and ends as a final; the next one has another', async () => {
    await listening().start('headset', 'pl');
    const speech = FakeSpeech.newest;
    await vi.advanceTimersByTimeAsync(500);
    speech.hear('to jest');
    await vi.advanceTimersByTimeAsync(700);
    speech.hear('to jest za drogie');
    speech.hear('to jest za drogie.', true);
    speech.hear('i jeszcze');
    const [first, second, third, next] = lines;
    expect(first).toMatchObject({
      speaker: 'seller', text: 'to jest', final: false, start_ms: 500, end_ms: 500, language: 'pl',
    });
    expect(third).toMatchObject({ text: 'to jest za drogie.', final: true, start_ms: 500, end_ms: 1_200 });
    expect(new Set([first?.utterance, second?.utterance, third?.utterance]).size).toBe(1);
    expect(next?.utterance).not.toBe(first?.utterance);
  });

  it('is not sent twice when nothing has changed', async () => {
    await listening().start('headset', 'en');
    FakeSpeech.newest.hear('too expensive');
    FakeSpeech.newest.hear('too expensive ');
    expect(lines).toHaveLength(1);
  });

  it('that the browser left half heard is taken as said', async () => {
    await listening().start('headset', 'en');
    FakeSpeech.newest.hear('too expensive');
    FakeSpeech.newest.fail('network');
    expect(said()).toEqual([['seller', 'too expensive', false], ['seller', 'too expensive', true]]);
    expect(lines[0]?.utterance).toBe(lines[1]?.utterance);
  });

  it('belongs to whoever spoke when it began', async () => {
    const one = listening();
    await one.start('speakerphone', 'en');
    FakeSpeech.newest.hear('it is too');
    one.turn();
    expect(FakeSpeech.newest.asked).toEqual(['start', 'stop']);
    FakeSpeech.newest.hear('it is too expensive', true);
    FakeSpeech.newest.onend?.();
    await vi.advanceTimersByTimeAsync(0);
    FakeSpeech.newest.hear('I understand', true);
    expect(said()).toEqual([
      ['client', 'it is too', false], ['client', 'it is too expensive', true],
      ['seller', 'I understand', true],
    ]);
  });
});

describe('the browser', () => {
  it('hears in the language that was chosen, with the region of its user', async () => {
    await listening().start('headset', 'de');
    expect(FakeSpeech.newest.lang).toBe('de-AT');
    await listening().start('headset', 'pl');
    expect(FakeSpeech.newest.lang).toBe('pl-PL');
  });

  it('is started anew at once after silence', async () => {
    const one = listening();
    await one.start('headset', 'en');
    await vi.advanceTimersByTimeAsync(8_000);
    FakeSpeech.newest.fail('no-speech');
    await vi.advanceTimersByTimeAsync(0);
    expect(FakeSpeech.made).toHaveLength(2);
    expect(one.state.value).toMatchObject({ phase: 'hearing', trouble: null });
  });

  it('is not started hot when each session ends at once', async () => {
    await listening().start('headset', 'en');
    for (let step = 0; step < 600; step++) {
      if (FakeSpeech.newest.onend) FakeSpeech.newest.fail('aborted');
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(FakeSpeech.made.length).toBeLessThan(15);
  });

  it('is tried again when its service does not answer, at once when the network is back', async () => {
    const one = listening();
    await one.start('headset', 'en');
    FakeSpeech.newest.fail('network');
    expect(one.state.value).toMatchObject({ phase: 'waiting', trouble: 'network' });
    one.hurry();
    expect(FakeSpeech.made).toHaveLength(2);
    FakeSpeech.newest.hear('hello');
    expect(one.state.value).toMatchObject({ phase: 'hearing', trouble: null, text: 'hello' });
  });

  it('is left alone when it may not listen, until the seller goes on', async () => {
    const one = listening();
    await one.start('headset', 'en');
    FakeSpeech.newest.fail('not-allowed');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSpeech.made).toHaveLength(1);
    expect(one.state.value).toMatchObject({ phase: 'blocked', trouble: 'denied' });
    one.resume();
    expect(one.state.value.phase).toBe('hearing');
  });

  it('that says nothing at all for 30 s is taken for dead', async () => {
    await listening().start('headset', 'en');
    const mute = FakeSpeech.newest;
    await vi.advanceTimersByTimeAsync(30_001);
    expect(mute.asked).toEqual(['start', 'abort']);
    expect(FakeSpeech.made).toHaveLength(2);
    mute.hear('an echo of before', true);
    expect(lines).toEqual([]);
  });
});

describe('the seller', () => {
  it('pauses, and what is being said still arrives; then nothing is heard until they go on', async () => {
    const one = listening();
    await one.start('headset', 'en');
    const speech = FakeSpeech.newest;
    speech.hear('one more');
    one.toggle();
    expect(one.state.value.phase).toBe('paused');
    speech.hear('one more thing', true);
    speech.onend?.();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(said().at(-1)).toEqual(['seller', 'one more thing', true]);
    expect(FakeSpeech.made).toHaveLength(1);
    one.toggle();
    expect(one.state.value.phase).toBe('hearing');
  });

  it('is told when a final was not taken, and when the next one is', async () => {
    const one = listening();
    await one.start('headset', 'en');
    takes = false;
    FakeSpeech.newest.hear('lost', true);
    expect(one.state.value.trouble).toBe('full');
    takes = true;
    FakeSpeech.newest.hear('kept', true);
    expect(one.state.value.trouble).toBeNull();
  });
});

describe('a meeting', () => {
  const sound = () => ({ stop: vi.fn(), onended: null }) as unknown as MediaStreamTrack;

  it('is heard from its tab, as the customer, in a source of its own', async () => {
    track = sound();
    await listening().start('tab', 'en');
    expect(FakeSpeech.newest.track).toBe(track);
    FakeSpeech.newest.hear('too expensive', true);
    expect(lines[0]).toMatchObject({ source: 'tab', speaker: 'client' });
  });

  it('that was shared without sound is not heard, and the seller is told', async () => {
    const one = listening();
    await one.start('tab', 'en');
    expect(FakeSpeech.made).toHaveLength(0);
    expect(one.state.value).toMatchObject({ phase: 'off', trouble: 'silent' });
  });

  it('ends when sharing ends', async () => {
    track = sound();
    const one = listening();
    await one.start('tab', 'en');
    track.onended?.(new Event('ended'));
    expect(one.state.value.phase).toBe('off');
    expect(track.stop).toHaveBeenCalled();
  });

  it('that is chosen after the seller stopped again is let go', async () => {
    track = sound();
    const one = listening();
    const starting = one.start('tab', 'en');
    one.stop();
    await starting;
    expect(track.stop).toHaveBeenCalled();
    expect(FakeSpeech.made).toHaveLength(0);
  });
});
