/** What the demo page shows: the newest demo call of a language, or one session of one's own. */
import { Observed } from '../shared/observed';
import { socketServer } from '../shared/server';
import type { Status } from '../shared/socket';
import { applyEvent, emptyCall, type Call } from '../shared/store';
import { common, type Language } from '../shared/taxonomy';
import { fixedToken } from '../shared/token';
import { applyToWall, awaitSessions, emptyWall, type Wall } from '../shared/wall';
import { Watcher } from '../shared/watcher';
import type { ServerEvent } from '../shared/wire';

const PAUSE_AFTER_END_MS = 6_000;

export class DemoStage {
  readonly call = new Observed<Call | null>(null);
  readonly status = new Observed<Status>({ state: 'connecting', code: null });
  readonly #watcher: Watcher;
  readonly #ownSession: string | null;
  #language: Language;
  #wall: Wall = emptyWall;
  #pause: ReturnType<typeof setTimeout> | undefined;

  constructor(language: Language, ownSession: string | null) {
    this.#language = language;
    this.#ownSession = ownSession;
    this.#watcher = new Watcher({
      server: socketServer(location.origin),
      token: fixedToken(null),
      wall: ownSession === null,
      received: (event) => this.#receive(event),
      changed: (status) => this.#changed(status),
    });
    if (ownSession !== null) this.#show(ownSession);
  }

  /** Returns its own end. */
  enable(): () => void {
    this.#watcher.start();
    return () => {
      clearTimeout(this.#pause);
      this.#watcher.stop();
    };
  }

  restart(): void {
    this.#watcher.start();
  }

  speak(language: Language): void {
    if (this.#language === language) return;
    this.#language = language;
    if (this.#ownSession !== null) return;
    this.#leave();
    this.#pick();
  }

  #changed(status: Status): void {
    if (status.state === 'connecting') this.#wall = awaitSessions(this.#wall);
    this.status.value = status;
  }

  #receive(event: ServerEvent): void {
    this.#wall = applyToWall(this.#wall, event);
    const shown = this.call.value;
    if (shown && common(event).session === shown.session) {
      this.call.value = applyEvent(shown, event, Date.now());
    }
    if (event.type === 'session') this.#pick();
    if (event.type === 'ended' && event.session === shown?.session) this.#pickAfterPause();
  }

  #pickAfterPause(): void {
    clearTimeout(this.#pause);
    if (this.#ownSession !== null) return;
    this.#pause = setTimeout(() => {
      this.#leave();
      this.#pick();
    }, PAUSE_AFTER_END_MS);
  }

  /** The newest call in which something was said; one that has just ended stays for a moment. */
  #pick(): void {
    if (this.#ownSession !== null) return;
    const shown = this.call.value;
    if (shown?.ended) return;
    const best = Object.values(this.#wall.sessions)
      .filter(({ session }) => session.startsWith(`demo-${this.#language}-`))
      .sort((a, b) => Number(b.last_line !== '') - Number(a.last_line !== '') || b.started_at - a.started_at)
      .at(0)?.session;
    if (best !== undefined && best !== shown?.session) this.#show(best);
  }

  #show(session: string): void {
    this.#leave();
    this.call.value = emptyCall(session);
    this.#watcher.follow(session);
  }

  #leave(): void {
    clearTimeout(this.#pause);
    if (this.call.value) this.#watcher.unfollow(this.call.value.session);
    this.call.value = null;
  }
}
