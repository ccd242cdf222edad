/** The seller's desk: one call's connection and what is known of the call. */
import { Conversation } from '../shared/conversation';
import { Observed } from '../shared/observed';
import type { Status } from '../shared/socket';
import { claimSource } from '../shared/source';
import { tabStorage } from '../shared/storage';
import { applyEvent, emptyCall, type Call } from '../shared/store';
import type { TokenSource } from '../shared/token';
import type { Language, Outcome, Speaker } from '../shared/taxonomy';
import type { CardEvent, ClientFrame, ServerEvent } from '../shared/wire';

export interface SpokenLine {
  speaker: Speaker;
  text: string;
  final: boolean;
  utterance: string;
  start_ms: number;
  end_ms: number;
  language?: Language;
}

export interface DeskOptions {
  server: string;
  session: string;
  token: TokenSource;
  language: Language | 'auto' | null;
  uiLanguage: Language;
  pack: string | null;
  onCard: (card: CardEvent) => void;
  onEnded: (outcome: Outcome | null) => void;
}

export class Desk {
  readonly call: Observed<Call>;
  readonly status = new Observed<Status>({ state: 'connecting', code: null });
  readonly waiting = new Observed(0);
  readonly #options: DeskOptions;
  readonly #conversation: Conversation;
  readonly #release: () => void;

  private constructor(options: DeskOptions, source: string, release: () => void) {
    const { language, pack } = options;
    this.call = new Observed(emptyCall(options.session));
    this.#options = options;
    this.#release = release;
    this.#conversation = new Conversation({
      ...options,
      hello: {
        role: 'seller',
        source,
        ui_language: options.uiLanguage,
        ...(language && { language }),
        ...(pack && { pack }),
      },
      storage: tabStorage,
      received: (event) => this.#receive(event),
      changed: (status) => (this.status.value = status),
    });
    this.waiting.value = this.#conversation.waiting;
  }

  static async open(options: DeskOptions): Promise<Desk> {
    const { source, release } = await claimSource(options.session);
    return new Desk(options, source, release);
  }

  start(): void {
    this.#conversation.start();
  }

  close(): void {
    this.#conversation.stop();
    this.#release();
  }

  send(frame: ClientFrame): boolean {
    return this.#conversation.send(frame);
  }

  /** False when the line was not taken: an interim offline, or too many finals waiting. */
  speak(line: SpokenLine): boolean {
    const frame = {
      ...line,
      type: 'transcript',
      start_ms: Math.round(line.start_ms),
      end_ms: Math.round(line.end_ms),
    } as const;
    if (!line.final) return this.#conversation.send(frame);
    const taken = this.#conversation.sendFinal(frame);
    this.waiting.value = this.#conversation.waiting;
    return taken;
  }

  #receive(event: ServerEvent): void {
    const before = this.call.value;
    this.call.value = applyEvent(before, event, Date.now());
    this.waiting.value = this.#conversation.waiting;
    if (event.type === 'ended') this.#options.onEnded(event.outcome);
    if (event.type !== 'card' || event.status !== 'open') return;
    const card = this.call.value.cards.find(({ id }) => id === event.id);
    const isKnown = before.cards.some(({ id }) => id === event.id);
    if (card && !isKnown && card.deadline > Date.now()) this.#options.onCard(event);
  }
}
