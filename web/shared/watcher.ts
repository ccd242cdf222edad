/** A dashboard's side: `/watch`, the wall of all live calls and any number of calls in full. */
import { Positions, type Position } from './positions';
import { Socket, type Status } from './socket';
import { common } from './taxonomy';
import type { TokenSource } from './token';
import type { ClientFrame, ServerEvent, WatchFrame } from './wire';

export interface WatcherOptions {
  server: string;
  token: TokenSource;
  /** Whether the wall's events are wanted. */
  wall: boolean;
  received: (event: ServerEvent) => void;
  changed: (status: Status) => void;
  open?: (url: string, protocols: string[]) => WebSocket;
  random?: () => number;
}

export class Watcher {
  readonly #options: WatcherOptions;
  readonly #socket: Socket;
  readonly #positions = new Positions();
  readonly #followed = new Set<string>();
  /** The followed calls that this connection has been asked for. */
  #asked = new Set<string>();

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#socket = new Socket({
      ...options,
      url: `${options.server}/watch`,
      opening: () => this.#opening(),
      received: (event) => this.#receive(event),
      changed: (status) => this.#changed(status),
    });
  }

  start(): void {
    this.#socket.start();
  }

  stop(): void {
    this.#socket.stop();
  }

  send(frame: ClientFrame): boolean {
    return this.#socket.send(frame);
  }

  /** Follows a call in full, from `position` on when its earlier events are known. */
  follow(session: string, position?: Position): void {
    this.#followed.add(session);
    if (position) this.#positions.set(session, position);
    this.#asked.delete(session);
    this.#ask();
  }

  unfollow(session: string): void {
    this.#followed.delete(session);
    this.#asked.delete(session);
    this.#positions.forget(session);
    this.#socket.send({ type: 'unwatch', sessions: [session] });
  }

  /** The pong makes the socket live even when no call runs and so no welcome comes. */
  #opening(): ClientFrame[] {
    const frames: ClientFrame[] = [];
    if (this.#options.wall) frames.push({ type: 'watch', sessions: '*' });
    this.#asked = new Set(this.#followed);
    if (this.#followed.size > 0) frames.push(this.#watch([...this.#followed]));
    return [...frames, { type: 'ping', t: 'opening' }];
  }

  #changed(status: Status): void {
    if (status.state === 'live') this.#ask();
    this.#options.changed(status);
  }

  /** Asks for what was followed since the opening frames, as soon as the socket is live. */
  #ask(): void {
    const due = [...this.#followed].filter((session) => !this.#asked.has(session));
    if (due.length === 0 || !this.#socket.send(this.#watch(due))) return;
    this.#asked = new Set(this.#followed);
  }

  #watch(sessions: string[]): WatchFrame {
    const after: Record<string, number> = {};
    const epochs: Record<string, string> = {};
    for (const session of sessions) {
      const position = this.#positions.get(session);
      if (!position) continue;
      after[session] = position.offset;
      epochs[session] = position.epoch;
    }
    return { type: 'watch', sessions, after, epochs };
  }

  #receive(event: ServerEvent): boolean {
    const { session } = common(event);
    if (session !== undefined && this.#followed.has(session)) {
      if (event.type === 'welcome') this.#positions.welcome(event);
      else {
        const arrival = this.#positions.take(event, session);
        if (arrival === 'gap') this.#socket.resume();
        if (arrival !== 'new') return false;
      }
    }
    this.#options.received(event);
    return event.type === 'welcome' || event.type === 'pong';
  }
}
