import { common } from './taxonomy';
import type { ServerEvent, WelcomeEvent } from './wire';

export interface Position { epoch: string; offset: number }
export type Arrival = 'new' | 'known' | 'gap';

/** Where this client stands in the durable events of each session that it follows. */
export class Positions {
  readonly #bySession = new Map<string, Position>();

  get(session: string): Position | undefined {
    return this.#bySession.get(session);
  }

  set(session: string, position: Position): void {
    this.#bySession.set(session, position);
  }

  forget(session: string): void {
    this.#bySession.delete(session);
  }

  welcome(event: WelcomeEvent): void {
    const known = this.#bySession.get(event.session);
    const offset = event.resumed && known ? known.offset : event.offset;
    this.#bySession.set(event.session, { epoch: event.epoch, offset });
  }

  /** Moves on with a durable event, or tells that it was there before or that one is missing. */
  take(event: ServerEvent, session: string): Arrival {
    const position = this.#bySession.get(session);
    const { offset } = common(event);
    if (!position || offset === undefined) return 'new';
    if (event.type === 'heartbeat') return offset > position.offset ? 'gap' : 'new';
    if (offset <= position.offset) return 'known';
    if (offset > position.offset + 1) return 'gap';
    this.#bySession.set(session, { ...position, offset });
    return 'new';
  }
}
