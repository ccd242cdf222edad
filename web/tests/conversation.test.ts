import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Conversation } from '../shared/conversation';
import type { Storage } from '../shared/storage';
import { MAX_FRAMES } from '../shared/unacked';
import type { ServerEvent, TranscriptFrame, WelcomeEvent } from '../shared/wire';
import { final, welcome } from './events';
import { FakeSocket } from './fake-socket';

function memoryStorage(): Storage {
  const kept = new Map<string, string>();
  return {
    get: (key) => kept.get(key) ?? null,
    set: (key, value) => void kept.set(key, value),
    remove: (key) => void kept.delete(key),
  };
}

let received: ServerEvent[];

function conversation(storage: Storage = memoryStorage()): Conversation {
  return new Conversation({
    server: 'ws://coach', session: 'call-1', hello: { role: 'seller', source: 'widget-1' },
    token: async () => null, storage, received: (event) => received.push(event),
    changed: () => undefined, open: FakeSocket.open, random: () => 0,
  });
}

async function greet(fields: Partial<WelcomeEvent> = {}): Promise<FakeSocket> {
  await vi.advanceTimersByTimeAsync(100);
  const socket = FakeSocket.newest;
  socket.accept();
  socket.tell(welcome(fields));
  return socket;
}

function line(text: string): TranscriptFrame {
  return {
    type: 'transcript', utterance: text, speaker: 'client', text, final: true, start_ms: 0, end_ms: 1,
  };
}

const finals = (socket: FakeSocket) =>
  socket.sent.filter(({ type }) => type === 'transcript').map(({ seq, text }) => [seq, text]);

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.opened = [];
  received = [];
});
afterEach(() => vi.useRealTimers());

describe('resume', () => {
  it('asks to go on after the last event that arrived', async () => {
    const one = conversation();
    one.start();
    const socket = await greet({ offset: 3 });
    expect(socket.sent[0]).toEqual({ type: 'hello', role: 'seller', source: 'widget-1' });
    socket.tell(final(4));
    socket.tell(final(5));
    socket.drop(1006);
    await greet({ offset: 7, resumed: true });
    expect(FakeSocket.newest.sent[0]).toMatchObject({ after: 5, epoch: 'e1' });
    FakeSocket.newest.tell(final(6));
    expect(received.at(-1)).toMatchObject({ offset: 6 });
  });

  it('takes the snapshot as the new position when resuming was refused', async () => {
    const one = conversation();
    one.start();
    (await greet({ offset: 9 })).drop(4200);
    (await greet({ epoch: 'e2', offset: 4, why: 'epoch' })).tell(final(5));
    expect(received.at(-1)).toMatchObject({ offset: 5 });
    FakeSocket.newest.drop(1006);
    await greet({ epoch: 'e2', offset: 5, resumed: true });
    expect(FakeSocket.newest.sent[0]).toMatchObject({ after: 5, epoch: 'e2' });
  });

  it('drops an event that it has and reconnects when one is missing', async () => {
    conversation().start();
    const socket = await greet({ offset: 1 });
    socket.tell(final(2));
    const count = received.length;
    socket.tell(final(2));
    expect(received).toHaveLength(count);
    socket.tell(final(4));
    expect(received).toHaveLength(count);
    await greet({ offset: 4, resumed: true });
    expect(FakeSocket.newest.sent[0]).toMatchObject({ after: 2 });
  });

  it('reconnects and resumes when a heartbeat is ahead of it', async () => {
    conversation().start();
    const socket = await greet({ offset: 1 });
    socket.tell({ type: 'heartbeat', offset: 1 });
    expect(FakeSocket.opened).toHaveLength(1);
    socket.tell({ type: 'heartbeat', offset: 2 });
    await greet({ offset: 2, resumed: true });
    expect(FakeSocket.opened).toHaveLength(2);
    expect(FakeSocket.newest.sent[0]).toMatchObject({ after: 1, epoch: 'e1' });
  });
});

describe('finals', () => {
  it('are numbered from 1 and kept while offline, then sent in order', async () => {
    const one = conversation();
    one.sendFinal(line('a'));
    one.start();
    one.sendFinal(line('b'));
    expect(finals(await greet())).toEqual([[1, 'a'], [2, 'b']]);
  });

  it('are sent again after the welcome from what the server stored', async () => {
    const one = conversation();
    one.start();
    const socket = await greet();
    for (const text of ['a', 'b', 'c']) one.sendFinal(line(text));
    socket.tell({ type: 'ack', seq: 1 });
    socket.drop(1006);
    expect(finals(await greet({ acked: 2, resumed: true }))).toEqual([[3, 'c']]);
    expect(one.waiting).toBe(1);
  });

  it('survive a reload of the tab', async () => {
    const storage = memoryStorage();
    const before = conversation(storage);
    before.start();
    await greet();
    before.sendFinal(line('a'));
    before.sendFinal(line('b'));
    before.stop();
    const after = conversation(storage);
    after.start();
    after.sendFinal(line('c'));
    expect(finals(await greet({ acked: 1 }))).toEqual([[2, 'b'], [3, 'c']]);
  });

  it('come after what an earlier tab brought under the same name', async () => {
    const one = conversation();
    one.sendFinal(line('a'));
    one.start();
    expect(finals(await greet({ acked: 7 }))).toEqual([[8, 'a']]);
  });

  it('are refused beyond the limit, and told so', async () => {
    const one = conversation();
    for (let count = 0; count < MAX_FRAMES; count++) one.sendFinal(line(`${count}`));
    expect(one.sendFinal(line('one more'))).toBe(false);
    expect(one.waiting).toBe(MAX_FRAMES);
    const heavy = conversation();
    const taken = Array.from({ length: 200 }, () => heavy.sendFinal(line('x'.repeat(8_000))));
    expect(taken.filter(Boolean).length).toBeLessThan(125);
  });

  it('go out in slices below the rate that the server allows', async () => {
    const one = conversation();
    for (let count = 0; count < 100; count++) one.sendFinal(line(`${count}`));
    one.start();
    const socket = await greet();
    expect(finals(socket)).toHaveLength(40);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(finals(socket).map(([seq]) => seq)).toEqual(Array.from({ length: 100 }, (_v, at) => at + 1));
  });

  it('start again from where the server sees a gap', async () => {
    const one = conversation();
    one.start();
    const socket = await greet();
    for (const text of ['a', 'b', 'c']) one.sendFinal(line(text));
    socket.tell({ type: 'error', code: 'gap', expect: 2 });
    await vi.advanceTimersByTimeAsync(500);
    expect(finals(socket).slice(3)).toEqual([[2, 'b'], [3, 'c']]);
  });

  it('wait as long as a server asks that could not take one', async () => {
    const one = conversation();
    one.start();
    const socket = await greet();
    one.sendFinal(line('a'));
    socket.tell({ type: 'error', code: 'unavailable', seq: 1, retry_after_ms: 3_000 });
    await vi.advanceTimersByTimeAsync(2_900);
    expect(finals(socket)).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(100);
    expect(finals(socket)).toEqual([[1, 'a'], [1, 'a']]);
  });

  it('are numbered anew for a server that lost its memory', async () => {
    const one = conversation();
    one.start();
    const socket = await greet();
    for (const text of ['a', 'b']) one.sendFinal(line(text));
    socket.tell({ type: 'ack', seq: 2 });
    one.sendFinal(line('c'));
    socket.drop(1006);
    expect(finals(await greet({ acked: 0, epoch: 'e2' }))).toEqual([[1, 'c']]);
  });
});
