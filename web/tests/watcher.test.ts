import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Status } from '../shared/socket';
import { Watcher } from '../shared/watcher';
import type { ServerEvent } from '../shared/wire';
import { final, welcome } from './events';
import { FakeSocket } from './fake-socket';

let received: ServerEvent[];
let status: Status;

function watcher(): Watcher {
  return new Watcher({
    server: 'ws://coach', token: async () => null, wall: true,
    received: (event) => received.push(event), changed: (next) => (status = next),
    open: FakeSocket.open, random: () => 0,
  });
}

async function accepted(): Promise<FakeSocket> {
  await vi.advanceTimersByTimeAsync(100);
  FakeSocket.newest.accept();
  return FakeSocket.newest;
}

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.opened = [];
  received = [];
});
afterEach(() => vi.useRealTimers());

describe('Watcher', () => {
  it('is live with the pong even when no call runs', async () => {
    watcher().start();
    const socket = await accepted();
    expect(socket.sent.map(({ type }) => type)).toEqual(['watch', 'ping']);
    expect(status.state).toBe('connecting');
    socket.tell({ type: 'pong', t: 'opening' });
    expect(status.state).toBe('live');
  });

  it('resumes each followed call from its own position', async () => {
    const one = watcher();
    one.start();
    const socket = await accepted();
    socket.tell({ type: 'pong' });
    one.follow('call-1', { epoch: 'e1', offset: 5 });
    expect(socket.sent.at(-1)).toEqual({
      type: 'watch', sessions: ['call-1'], after: { 'call-1': 5 }, epochs: { 'call-1': 'e1' },
    });
    socket.tell(welcome({ offset: 6, resumed: true }));
    socket.tell(final(6));
    socket.drop(4108);
    expect((await accepted()).sent[1]).toMatchObject({ after: { 'call-1': 6 } });
  });

  it('checks for gaps only in followed calls: the wall shows a few events of many', async () => {
    const one = watcher();
    one.start();
    const socket = await accepted();
    socket.tell({ type: 'pong' });
    socket.tell({ type: 'raise_hand', session: 'call-9', offset: 40 });
    socket.tell({ type: 'raise_hand', session: 'call-9', offset: 55 });
    expect(received).toHaveLength(3);
    one.follow('call-1');
    socket.tell(welcome({ offset: 2 }));
    socket.tell(final(4));
    expect(status.state).toBe('offline');
  });

  it('asks for a call that was followed before the socket was live', async () => {
    const one = watcher();
    one.start();
    const socket = await accepted();
    one.follow('call-1');
    expect(socket.sent.map(({ type }) => type)).toEqual(['watch', 'ping']);
    socket.tell({ type: 'pong' });
    expect(socket.sent.at(-1)).toMatchObject({ type: 'watch', sessions: ['call-1'] });
  });

  it('forgets a call that it no longer follows', async () => {
    const one = watcher();
    one.start();
    const socket = await accepted();
    socket.tell({ type: 'pong' });
    one.follow('call-1');
    one.unfollow('call-1');
    expect(socket.sent.at(-1)).toEqual({ type: 'unwatch', sessions: ['call-1'] });
    socket.drop(1006);
    expect((await accepted()).sent.map(({ type }) => type)).toEqual(['watch', 'ping']);
  });
});
