/**
 * One stream of transcript into a call, and for the seller the call's events: `/ws/{session}`.
 * Finals survive a lost connection and a reload. A source hears of no event, so it misses none.
 */
import { Positions } from './positions';
import { Socket, type Status } from './socket';
import type { Storage } from './storage';
import type { TokenSource } from './token';
import { Unacked } from './unacked';
import type {
  ClientFrame, ErrorEvent, HelloFrame, ServerEvent, TranscriptFrame, WelcomeEvent,
} from './wire';

const DEFAULT_FRAMES_PER_S = 100;
/** Finals are sent again in such slices of a second's allowance, so that live frames still fit in. */
const SLICE = 0.4;
const SLICE_MS = 500;

export interface ConversationOptions {
  server: string;
  session: string;
  hello: Omit<HelloFrame, 'type' | 'after' | 'epoch' | 'token'> & { source: string };
  token: TokenSource;
  storage: Storage;
  received: (event: ServerEvent) => void;
  changed: (status: Status) => void;
  open?: (url: string, protocols: string[]) => WebSocket;
  random?: () => number;
}

export class Conversation {
  readonly #options: ConversationOptions;
  readonly #socket: Socket;
  readonly #unacked: Unacked;
  readonly #positions = new Positions();
  #framesPerSecond = DEFAULT_FRAMES_PER_S;
  #pumpTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ConversationOptions) {
    this.#options = options;
    this.#unacked = new Unacked(options.session, options.hello.source, options.storage);
    this.#socket = new Socket({
      ...options,
      url: `${options.server}/ws/${encodeURIComponent(options.session)}`,
      opening: () => [this.#hello()],
      received: (event) => this.#receive(event),
      changed: (status) => this.#changed(status),
    });
  }

  start(): void {
    this.#socket.start();
  }

  stop(): void {
    this.#socket.stop();
    clearTimeout(this.#pumpTimer);
  }

  /** How many finals wait to be stored by the server. */
  get waiting(): number {
    return this.#unacked.size;
  }

  /** False when offline: interims and requests are of the moment and are not kept. */
  send(frame: ClientFrame): boolean {
    return this.#socket.send(frame);
  }

  /** Keeps a final until it is stored. False when too many wait already. */
  sendFinal(frame: TranscriptFrame): boolean {
    const kept = this.#unacked.add(frame);
    if (this.#socket.status.state === 'live') this.#pump();
    return kept;
  }

  #hello(): HelloFrame {
    const position = this.#positions.get(this.#options.session);
    const resume = position && { after: position.offset, epoch: position.epoch };
    return { type: 'hello', ...this.#options.hello, ...resume };
  }

  #receive(event: ServerEvent): boolean {
    if (event.type === 'welcome') this.#welcome(event);
    else if (event.type === 'ack') this.#unacked.ack(event.seq);
    else if (event.type === 'error') this.#refused(event);
    else if (this.#options.hello.role !== 'source') {
      const arrival = this.#positions.take(event, this.#options.session);
      if (arrival === 'gap') this.#socket.resume();
      if (arrival !== 'new') return false;
    }
    this.#options.received(event);
    return event.type === 'welcome';
  }

  #welcome(event: WelcomeEvent): void {
    this.#positions.welcome(event);
    this.#framesPerSecond = event.limits?.frames_per_s ?? DEFAULT_FRAMES_PER_S;
    this.#unacked.welcome(event.acked ?? 0);
  }

  #refused(event: ErrorEvent): void {
    const seq = event.code === 'gap' ? event.expect : event.seq;
    if (seq == null || !['gap', 'unavailable', 'rate_limited'].includes(event.code)) return;
    this.#unacked.rewind(seq);
    this.#pumpIn(event.retry_after_ms ?? SLICE_MS);
  }

  #changed(status: Status): void {
    if (status.state === 'live') this.#pump();
    else clearTimeout(this.#pumpTimer);
    this.#options.changed(status);
  }

  #pump(): void {
    const slice = Math.max(1, Math.floor(this.#framesPerSecond * SLICE));
    for (const json of this.#unacked.next(slice)) {
      if (this.#socket.send(json)) continue;
      this.#unacked.rewind((JSON.parse(json) as { seq: number }).seq);
      break;
    }
    if (this.#unacked.waiting) this.#pumpIn(SLICE_MS);
  }

  #pumpIn(delay: number): void {
    clearTimeout(this.#pumpTimer);
    this.#pumpTimer = setTimeout(() => {
      if (this.#socket.status.state === 'live') this.#pump();
    }, delay);
  }
}
