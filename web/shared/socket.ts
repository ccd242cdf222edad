/**
 * One WebSocket that stays: connecting → live → offline → connecting … or stopped.
 * It knows nothing of calls; `conversation.ts` and `watcher.ts` say what is sent and when it is live.
 */
import { closeAction, retryDelay } from './backoff';
import { Refused, renewalDelay, type TokenSource } from './token';
import type { ClientFrame, ServerEvent } from './wire';

export type SocketState = 'connecting' | 'live' | 'offline' | 'stopped';
export interface Status {
  state: SocketState;
  /** The close code that ended the last connection. */
  code: number | null;
}

/** Closed by us to resume: an event is missing, or the server has gone silent. */
export const RESUME = 1000;
const UNAUTHORIZED = 4001;
/** Like a lost network: mostly it is one, e.g. on a laptop that has just woken. */
const TOKEN_FAILED = 1006;

const SUBPROTOCOL = 'coach.v1';
const OPENING_LIMIT_MS = 10_000;
const STABLE_AFTER_MS = 5_000;
const DEFAULT_HEARTBEAT_MS = 25_000;
const MISSED_BEATS = 2.5;
/** A socket that may have died unheard, while the machine slept, has this long to say anything. */
const PROBE_LIMIT_MS = 5_000;
const TICK_MS = 10_000;
/** A tick later than this means that the machine slept. */
const LATE_TICK_MS = 20_000;
const BUFFER_LIMIT_BYTES = 256 * 1024;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const TIMERS = ['retry', 'opening', 'silence', 'stable', 'token', 'tick'] as const;
type Timer = (typeof TIMERS)[number];

export interface SocketOptions {
  url: string;
  token: TokenSource;
  /** The first frames of a fresh connection. */
  opening: () => ClientFrame[];
  /** Every event, in order. True when this one makes the connection live. */
  received: (event: ServerEvent) => boolean;
  changed: (status: Status) => void;
  open?: (url: string, protocols: string[]) => WebSocket;
  random?: () => number;
}

export class Socket {
  readonly #options: SocketOptions;
  #status: Status = { state: 'stopped', code: null };
  #ws: WebSocket | null = null;
  /** Callbacks of an older attempt carry an older number and are dropped. */
  #attempt = 0;
  #failures = 0;
  #askedMs = 0;
  #heartbeatMs = DEFAULT_HEARTBEAT_MS;
  #timers: Partial<Record<Timer, ReturnType<typeof setTimeout>>> = {};
  #unlisten: (() => void) | null = null;

  constructor(options: SocketOptions) {
    this.#options = options;
  }

  get status(): Status {
    return this.#status;
  }

  start(): void {
    if (this.#status.state !== 'stopped') return;
    this.#failures = 0;
    this.#unlisten ??= this.#listen();
    void this.#connect();
  }

  stop(): void {
    if (this.#status.state === 'stopped') return;
    this.#leave(null);
  }

  /** Comes back at once with the position that we have, e.g. because an event is missing. */
  resume(): void {
    if (this.#ws) this.#leave(RESUME);
  }

  /** False when the frame cannot go out now; nothing is queued here. */
  send(frame: ClientFrame | string): boolean {
    if (this.#status.state !== 'live') return false;
    return this.#write(frame);
  }

  #write(frame: ClientFrame | string): boolean {
    const ws = this.#ws;
    if (!ws || ws.readyState !== 1 || ws.bufferedAmount > BUFFER_LIMIT_BYTES) return false;
    ws.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
    return true;
  }

  async #connect(): Promise<void> {
    const attempt = ++this.#attempt;
    const isCurrent = () => attempt === this.#attempt;
    this.#set({ state: 'connecting', code: this.#status.code });
    this.#after('opening', OPENING_LIMIT_MS, () => this.#leave(RESUME));
    let token: string | null;
    try {
      token = await this.#options.token();
    } catch (problem) {
      if (isCurrent()) this.#leave(problem instanceof Refused ? UNAUTHORIZED : TOKEN_FAILED);
      return;
    }
    if (!isCurrent()) return;
    const protocols = token ? [SUBPROTOCOL, `bearer.${token}`] : [SUBPROTOCOL];
    const ws = (this.#options.open ?? openWebSocket)(this.#options.url, protocols);
    this.#ws = ws;
    ws.onopen = () => {
      if (!isCurrent()) return;
      for (const frame of this.#options.opening()) this.#write(frame);
      if (token) this.#renewBeforeExpiry(token);
    };
    ws.onmessage = (message: MessageEvent<unknown>) => {
      if (isCurrent() && typeof message.data === 'string') this.#receive(message.data);
    };
    ws.onclose = (close: CloseEvent) => {
      if (isCurrent()) this.#leave(close.code);
    };
  }

  #receive(text: string): void {
    this.#watchSilence();
    const event = parse(text);
    if (!event) return;
    if (event.type === 'welcome') this.#heartbeatMs = event.heartbeat_ms;
    if (event.type === 'heartbeat') this.#write({ type: 'ping', t: 'beat' });
    if (event.type === 'draining' || (event.type === 'error' && event.fatal)) {
      this.#askedMs = event.retry_after_ms ?? 0;
    }
    const ws = this.#ws;
    const isLive = this.#options.received(event);
    if (isLive && ws === this.#ws && this.#status.state === 'connecting') this.#goLive();
  }

  #goLive(): void {
    this.#clear('opening');
    this.#after('stable', STABLE_AFTER_MS, () => (this.#failures = 0));
    this.#tick();
    this.#set({ state: 'live', code: null });
  }

  /** Timers stand still while a machine sleeps: one that comes late is how we know. */
  #tick(): void {
    const began = Date.now();
    this.#after('tick', TICK_MS, () => {
      if (Date.now() - began > LATE_TICK_MS) this.#probe();
      this.#tick();
    });
  }

  /** Whatever arrives puts the silence limit back to what heartbeats allow. */
  #probe(): void {
    this.#write({ type: 'ping', t: 'probe' });
    this.#after('silence', PROBE_LIMIT_MS, () => this.#leave(RESUME));
  }

  /** The only exit of a connection; `code` null means that our owner wants no other. */
  #leave(code: number | null): void {
    this.#attempt++;
    for (const name of TIMERS) this.#clear(name);
    const ws = this.#ws;
    this.#ws = null;
    if (ws && ws.readyState <= 1) ws.close(1000);
    const delay = code === null ? null : this.#retryDelay(code);
    this.#askedMs = 0;
    if (delay === null) {
      this.#unlisten?.();
      this.#unlisten = null;
      this.#set({ state: 'stopped', code });
      return;
    }
    this.#failures++;
    this.#set({ state: 'offline', code });
    if (this.#status.state === 'offline') this.#after('retry', delay, () => void this.#connect());
  }

  #retryDelay(code: number): number | null {
    return retryDelay(code, {
      failures: this.#failures,
      askedMs: this.#askedMs,
      hidden: typeof document !== 'undefined' && document.hidden,
      random: this.#options.random ?? Math.random,
    });
  }

  /** The only setter of the state. */
  #set(status: Status): void {
    this.#status = status;
    this.#options.changed(status);
  }

  #watchSilence(): void {
    this.#after('silence', this.#heartbeatMs * MISSED_BEATS, () => this.#leave(RESUME));
  }

  #renewBeforeExpiry(token: string): void {
    const delay = renewalDelay(token, Date.now());
    if (delay === null) return;
    const attempt = this.#attempt;
    this.#after('token', delay, async () => {
      const fresh = await this.#options.token().catch(() => null);
      if (attempt !== this.#attempt || !fresh || fresh === token) return;
      this.#write({ type: 'auth', token: fresh });
      this.#renewBeforeExpiry(fresh);
    });
  }

  /**
   * A network or a reader that comes back need not wait, unless the server asked us to; a socket
   * that lived through it has to show that it still does.
   */
  #listen(): () => void {
    if (typeof window === 'undefined') return () => undefined;
    const hurry = () => {
      const { state, code } = this.#status;
      if (document.hidden) return;
      if (state === 'live') this.#probe();
      if (state !== 'offline' || closeAction(code ?? 0) !== 'at_once') return;
      this.#clear('retry');
      void this.#connect();
    };
    window.addEventListener('online', hurry);
    document.addEventListener('visibilitychange', hurry);
    return () => {
      window.removeEventListener('online', hurry);
      document.removeEventListener('visibilitychange', hurry);
    };
  }

  #after(name: Timer, delay: number, action: () => void): void {
    this.#clear(name);
    this.#timers[name] = setTimeout(action, Math.min(delay, LONGEST_TIMER_MS));
  }

  #clear(name: Timer): void {
    clearTimeout(this.#timers[name]);
    delete this.#timers[name];
  }
}

function openWebSocket(url: string, protocols: string[]): WebSocket {
  return new WebSocket(url, protocols);
}

function parse(text: string): ServerEvent | null {
  try {
    return JSON.parse(text) as ServerEvent;
  } catch {
    return null;
  }
}
