/** The manager's office: one watch socket, the wall, at most one call opened in full. */
import { Observed } from '../shared/observed';
import { socketServer } from '../shared/server';
import type { Status } from '../shared/socket';
import { common } from '../shared/taxonomy';
import { applyToWall, awaitSessions, emptyWall, type Wall } from '../shared/wall';
import { Watcher } from '../shared/watcher';
import type { ErrorEvent, ServerEvent } from '../shared/wire';
import {
  Api, type Answer, type CallNote, type HistoryPage, type Problem, type Query, type RecordedCall,
  type SessionRow, type TeamFigures,
} from './api';
import { everyCall, type Filter } from './order';
import { applyKept, applyLive, applyRecord, isWhole, openCall, type OpenedCall } from './opened-call';
import { SessionToken } from './session-token';

const UNAUTHORIZED = 4001;
const FORBIDDEN = 4003;

export class Office {
  readonly wall = new Observed<Wall>(emptyWall);
  /** What the wall is narrowed to; kept while the manager looks into a call. */
  filter: Filter = everyCall;
  /** This browser's clock minus the server's, as the quickest line of the wall shows it. */
  skew = 0;
  readonly opened = new Observed<OpenedCall | null>(null);
  /** Of the opened call: how the list shows it, its recorded events, its notes. */
  readonly row = new Observed<SessionRow | null>(null);
  readonly record = new Observed<RecordedCall | null>(null);
  readonly notes = new Observed<CallNote[]>([]);
  readonly status = new Observed<Status>({ state: 'connecting', code: null });
  /** Why a token is asked for, or null. */
  readonly needsToken = new Observed<'unauthorized' | 'forbidden' | null>(null);
  readonly problem = new Observed<ErrorEvent | null>(null);
  readonly token = new SessionToken(location.href);
  readonly #api = new Api(async () => this.token.kept ?? (await this.token.source().catch(() => null)));
  readonly #watcher: Watcher;
  #hasSkew = false;

  constructor() {
    this.#watcher = new Watcher({
      server: socketServer(location.origin),
      token: this.token.source,
      wall: true,
      received: (event) => this.#receive(event),
      changed: (status) => this.#changed(status),
    });
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

  /** A new token for the same person goes out on the open socket; else the socket begins anew. */
  signIn(token: string): void {
    this.token.paste(token);
    this.needsToken.value = null;
    if (this.#watcher.send({ type: 'auth', token })) return;
    this.restart();
    const session = this.opened.value?.call.session;
    if (session !== undefined) this.show(session);
  }

  /** Opens a call in full; returns its own end. */
  show(session: string): () => void {
    this.opened.value = openCall(session);
    this.row.value = null;
    this.record.value = null;
    this.notes.value = [];
    void this.#read(session);
    return () => {
      this.#watcher.unfollow(session);
      if (this.opened.value?.call.session === session) this.opened.value = null;
    };
  }

  whisper(session: string, text: string): boolean {
    return this.#watcher.send({ type: 'whisper', session, text });
  }

  history(query: Query): Promise<Answer<HistoryPage>> {
    return this.#told(this.#api.history(query));
  }

  figures(query: Query): Promise<Answer<TeamFigures>> {
    return this.#told(this.#api.figures(query));
  }

  /** Notes something on the opened call; why not, or null. */
  async note(session: string, text: string, offset: number | null): Promise<Problem | null> {
    const { value, problem } = await this.#told(this.#api.note(session, text, offset));
    if (value) this.notes.value = [...this.notes.value, value];
    return problem;
  }

  async removeNote(session: string, note: number): Promise<void> {
    const { problem } = await this.#told(this.#api.removeNote(session, note));
    if (problem === null || problem === 'absent') {
      this.notes.value = this.notes.value.filter(({ id }) => id !== note);
    }
  }

  async #read(session: string): Promise<void> {
    const [events, row, metrics, notes] = await Promise.all([
      this.#told(this.#api.events(session)),
      this.#api.session(session),
      this.#api.metrics(session),
      this.#api.notes(session),
    ]);
    const opened = this.opened.value;
    if (opened?.call.session !== session) return;
    this.row.value = row.value;
    this.notes.value = notes.value?.notes ?? [];
    const { value, problem } = events;
    const now = Date.now();
    const kept = (call: OpenedCall) => applyKept(call, metrics.value?.metrics ?? []);
    if (!value || !isWhole(value)) {
      this.opened.value = kept({ ...opened, record: problem ?? 'read' });
      if (problem !== 'unauthorized') this.#watcher.follow(session);
      return;
    }
    const read = kept(applyRecord(opened, value, now));
    this.opened.value = read;
    this.record.value = value;
    const { epoch, offset } = value;
    if (!read.call.ended) this.#watcher.follow(session, { epoch, offset });
  }

  /** The recorded events of the opened call, read anew: the call has ended meanwhile. */
  async reread(session: string): Promise<void> {
    const [events, row] = await Promise.all([this.#api.events(session), this.#api.session(session)]);
    if (this.opened.value?.call.session !== session) return;
    if (events.value) this.record.value = events.value;
    if (row.value) this.row.value = row.value;
  }

  async #told<T>(asked: Promise<Answer<T>>): Promise<Answer<T>> {
    const answer = await asked;
    if (answer.problem === 'unauthorized') this.needsToken.value = 'unauthorized';
    return answer;
  }

  #changed(status: Status): void {
    if (status.state === 'connecting') this.wall.value = awaitSessions(this.wall.value);
    if (status.state === 'stopped' && status.code === UNAUTHORIZED) this.needsToken.value = 'unauthorized';
    if (status.state === 'stopped' && status.code === FORBIDDEN) this.needsToken.value = 'forbidden';
    // What the server said against an earlier token is no longer true.
    if (status.state === 'live' && this.problem.value?.fatal) this.problem.value = null;
    this.status.value = status;
  }

  #receive(event: ServerEvent): void {
    this.wall.value = applyToWall(this.wall.value, event);
    if (event.type === 'session') this.#measureSkew(Date.now() - event.at);
    if (event.type === 'error') this.problem.value = event;
    const opened = this.opened.value;
    if (!opened || common(event).session !== opened.call.session) return;
    const next = applyLive(opened, event, Date.now());
    this.opened.value = next;
    if (next.call.ended && !opened.call.ended) void this.reread(next.call.session);
  }

  #measureSkew(seen: number): void {
    this.skew = this.#hasSkew ? Math.min(this.skew, seen) : seen;
    this.#hasSkew = true;
  }
}
