/** The manager's office: one watch socket, the wall, at most one call opened in full. */
import { Observed } from '../shared/observed';
import { socketServer } from '../shared/server';
import type { Status } from '../shared/socket';
import { tabStorage } from '../shared/storage';
import { common } from '../shared/taxonomy';
import { applyToWall, awaitSessions, emptyWall, type Wall } from '../shared/wall';
import { Watcher } from '../shared/watcher';
import type { ErrorEvent, ServerEvent } from '../shared/wire';
import { fetchEvents, fetchSessions, type Answer, type SessionRow } from './api';
import { applyLive, applyRecord, isWhole, openCall, type OpenedCall } from './opened-call';

const TOKEN_KEY = 'coach.token';
const UNAUTHORIZED = 4001;

export class Office {
  readonly wall = new Observed<Wall>(emptyWall);
  readonly opened = new Observed<OpenedCall | null>(null);
  readonly status = new Observed<Status>({ state: 'connecting', code: null });
  readonly needsToken = new Observed(false);
  readonly problem = new Observed<ErrorEvent | null>(null);
  readonly #watcher: Watcher;

  constructor() {
    this.#watcher = new Watcher({
      server: socketServer(location.origin),
      token: async () => this.#token,
      wall: true,
      received: (event) => this.#receive(event),
      changed: (status) => this.#changed(status),
    });
  }

  get #token(): string | null {
    return tabStorage.get(TOKEN_KEY);
  }

  /** Returns its own end. */
  enable(): () => void {
    this.#watcher.start();
    return () => this.#watcher.stop();
  }

  restart(): void {
    this.#watcher.stop();
    this.#watcher.start();
  }

  signIn(token: string): void {
    tabStorage.set(TOKEN_KEY, token);
    this.needsToken.value = false;
    this.restart();
    const session = this.opened.value?.call.session;
    if (session !== undefined) this.show(session);
  }

  /** Opens a call in full; returns its own end. */
  show(session: string): () => void {
    this.opened.value = openCall(session);
    void this.#read(session);
    return () => {
      this.#watcher.unfollow(session);
      if (this.opened.value?.call.session === session) this.opened.value = null;
    };
  }

  whisper(session: string, text: string): boolean {
    return this.#watcher.send({ type: 'whisper', session, text });
  }

  async history(): Promise<Answer<SessionRow[]>> {
    const answer = await fetchSessions(this.#token);
    if (answer.problem === 'unauthorized') this.needsToken.value = true;
    return answer;
  }

  async #read(session: string): Promise<void> {
    const { value, problem } = await fetchEvents(session, this.#token);
    const opened = this.opened.value;
    if (opened?.call.session !== session) return;
    if (problem === 'unauthorized') this.needsToken.value = true;
    if (!value || !isWhole(value)) {
      this.opened.value = { ...opened, record: problem ?? 'read' };
      if (problem !== 'unauthorized') this.#watcher.follow(session);
      return;
    }
    const read = applyRecord(opened, value, Date.now());
    this.opened.value = read;
    const { epoch, offset } = value;
    if (!read.call.ended) this.#watcher.follow(session, { epoch, offset });
  }

  #changed(status: Status): void {
    if (status.state === 'connecting') this.wall.value = awaitSessions(this.wall.value);
    if (status.state === 'stopped' && status.code === UNAUTHORIZED) this.needsToken.value = true;
    this.status.value = status;
  }

  #receive(event: ServerEvent): void {
    this.wall.value = applyToWall(this.wall.value, event);
    if (event.type === 'error') this.problem.value = event;
    const opened = this.opened.value;
    if (opened && common(event).session === opened.call.session) {
      this.opened.value = applyLive(opened, event, Date.now());
    }
  }
}
