import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Socket, type Status } from '../shared/socket';
import { Refused } from '../shared/token';
import type { ServerEvent } from '../shared/wire';
import { welcome } from './events';
import { FakeSocket } from './fake-socket';

let states: Status[];
let events: ServerEvent[];

function socket(token: () => Promise<string | null> = async () => null): Socket {
  return new Socket({
    url: 'ws://coach/ws/call-1',
    token,
    opening: () => [{ type: 'hello' }],
    received: (event) => {
      events.push(event);
      return event.type === 'welcome';
    },
    changed: (status) => states.push(status),
    open: FakeSocket.open,
    random: () => 0.5,
  });
}

async function live(one: Socket): Promise<FakeSocket> {
  one.start();
  await vi.advanceTimersByTimeAsync(0);
  FakeSocket.newest.accept();
  FakeSocket.newest.tell(welcome());
  return FakeSocket.newest;
}

const names = () => states.map(({ state }) => state);

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.opened = [];
  states = [];
  events = [];
});
afterEach(() => vi.useRealTimers());

describe('Socket', () => {
  it('goes from connecting to live with the welcome, not with the open socket', async () => {
    const one = socket();
    one.start();
    await vi.advanceTimersByTimeAsync(0);
    FakeSocket.newest.accept();
    expect(FakeSocket.newest.sent).toEqual([{ type: 'hello' }]);
    expect(names()).toEqual(['connecting']);
    FakeSocket.newest.tell(welcome());
    expect(names()).toEqual(['connecting', 'live']);
  });

  it('offers the token as a second subprotocol', async () => {
    await live(socket(async () => 'abc'));
    expect(FakeSocket.newest.protocols).toEqual(['coach.v1', 'bearer.abc']);
  });

  it('stops after a code of 4000–4099', async () => {
    (await live(socket())).drop(4009);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(FakeSocket.opened).toHaveLength(1);
    expect(states.at(-1)).toEqual({ state: 'stopped', code: 4009 });
  });

  it('backs off after a code of 4100–4199', async () => {
    (await live(socket())).drop(4101);
    await vi.advanceTimersByTimeAsync(499);
    expect(FakeSocket.opened).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(FakeSocket.opened).toHaveLength(2);
  });

  it('comes back at once after 4200–4299 and after a lost network', async () => {
    for (const code of [4200, 1006]) {
      FakeSocket.opened = [];
      (await live(socket())).drop(code);
      await vi.advanceTimersByTimeAsync(0);
      expect(FakeSocket.opened).toHaveLength(2);
    }
  });

  it('does not loop hot when every connection closes right after its welcome', async () => {
    const first = await live(socket());
    first.drop(4200);
    for (let second = 0; second < 60; second++) {
      await vi.advanceTimersByTimeAsync(1_000);
      if (FakeSocket.newest.readyState !== 0) continue;
      FakeSocket.newest.accept();
      FakeSocket.newest.tell(welcome());
      FakeSocket.newest.drop(4200);
    }
    expect(FakeSocket.opened.length).toBeLessThan(12);
  });

  it('is eager again after a connection that lasted', async () => {
    const one = socket();
    (await live(one)).drop(1006);
    await vi.advanceTimersByTimeAsync(0);
    FakeSocket.newest.accept();
    FakeSocket.newest.tell(welcome());
    await vi.advanceTimersByTimeAsync(5_000);
    FakeSocket.newest.drop(1006);
    await vi.advanceTimersByTimeAsync(0);
    expect(FakeSocket.opened).toHaveLength(3);
  });

  it('drops what a socket of before still says', async () => {
    const old = await live(socket());
    old.drop(1006);
    await vi.advanceTimersByTimeAsync(0);
    FakeSocket.newest.accept();
    const before = events.length;
    old.tell({ type: 'pong' });
    old.drop(4001);
    old.onopen?.();
    expect(events).toHaveLength(before);
    expect(states.at(-1)?.state).toBe('connecting');
    expect(old.sent).toHaveLength(1);
  });

  it('answers a heartbeat and leaves a server that has gone silent', async () => {
    const first = await live(socket());
    first.tell({ type: 'heartbeat', offset: 0 });
    expect(first.sent.at(-1)).toMatchObject({ type: 'ping' });
    await vi.advanceTimersByTimeAsync(62_501);
    expect(FakeSocket.opened).toHaveLength(2);
  });

  it('asks a socket for a sign of life after the machine slept, and leaves one that is mute', async () => {
    const first = await live(socket());
    vi.setSystemTime(Date.now() + 3_600_000);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(first.sent.at(-1)).toMatchObject({ type: 'ping' });
    first.tell({ type: 'pong' });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(FakeSocket.opened).toHaveLength(1);
    vi.setSystemTime(Date.now() + 3_600_000);
    await vi.advanceTimersByTimeAsync(15_001);
    expect(FakeSocket.opened).toHaveLength(2);
  });

  describe('in a page', () => {
    let page: EventTarget;
    beforeEach(() => {
      page = Object.assign(new EventTarget(), { hidden: false });
      vi.stubGlobal('window', page);
      vi.stubGlobal('document', page);
    });
    afterEach(() => vi.unstubAllGlobals());

    it('comes back when the network does, also when it was the token that could not be fetched', async () => {
      let isOnline = false;
      socket(() => (isOnline ? Promise.resolve(null) : Promise.reject(new Error('network')))).start();
      await vi.advanceTimersByTimeAsync(1_500);
      expect(states.at(-1)?.state).toBe('offline');
      isOnline = true;
      page.dispatchEvent(new Event('online'));
      await vi.advanceTimersByTimeAsync(0);
      expect(FakeSocket.opened).toHaveLength(1);
    });

    it('leaves a live socket that says nothing within 5 s of the page being looked at again', async () => {
      const first = await live(socket());
      page.dispatchEvent(new Event('visibilitychange'));
      expect(first.sent.at(-1)).toMatchObject({ type: 'ping' });
      await vi.advanceTimersByTimeAsync(5_001);
      expect(FakeSocket.opened).toHaveLength(2);
    });

    it('does not hurry when the server asked it to wait', async () => {
      (await live(socket())).drop(4101);
      page.dispatchEvent(new Event('online'));
      await vi.advanceTimersByTimeAsync(0);
      expect(FakeSocket.opened).toHaveLength(1);
    });
  });

  it('gives up on a socket that never welcomes', async () => {
    socket().start();
    await vi.advanceTimersByTimeAsync(10_001);
    expect(FakeSocket.opened).toHaveLength(2);
  });

  it('stops when the token is refused and backs off when it cannot be fetched', async () => {
    socket(() => Promise.reject(new Refused())).start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(states.at(-1)).toEqual({ state: 'stopped', code: 4001 });
    let asked = 0;
    socket(() => {
      asked++;
      return Promise.reject(new Error('network'));
    }).start();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked).toBeGreaterThan(2);
    expect(asked).toBeLessThan(8);
    expect(FakeSocket.opened).toHaveLength(0);
  });

  it('renews the token before it expires', async () => {
    const now = Date.now() / 1_000;
    const tokens = [jwt(now + 40), jwt(now + 4_000)];
    const first = await live(socket(async () => tokens.shift() ?? null));
    await vi.advanceTimersByTimeAsync(20_000);
    expect(first.sent.at(-1)).toEqual({ type: 'auth', token: jwt(now + 4_000) });
  });

  it('sends nothing while it is not live, and nothing into a full buffer', async () => {
    const one = socket();
    expect(one.send({ type: 'ping', t: 1 })).toBe(false);
    const opened = await live(one);
    expect(one.send({ type: 'ping', t: 1 })).toBe(true);
    opened.bufferedAmount = 10_000_000;
    expect(one.send({ type: 'ping', t: 2 })).toBe(false);
  });

  it('makes no other attempt once its owner stopped it', async () => {
    const one = socket();
    (await live(one)).drop(4101);
    one.stop();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(FakeSocket.opened).toHaveLength(1);
    expect(states.at(-1)).toEqual({ state: 'stopped', code: null });
  });
});

function jwt(exp: number): string {
  return `h.${btoa(JSON.stringify({ exp }))}.s`;
}
