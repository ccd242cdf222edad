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
  /** Begins the tab's next call; null where the page says which call it is. */
  next: (() => void) | null;
  onCard: (card: CardEvent) => void;
  onEnded: (outcome: Outcome | null) => void;
}

/** The sound of a meeting's tab is a stream of its own. */
const TAB = 'tab';

export class Desk {
  readonly call: Observed<Call>;
  readonly status = new Observed<Status>({ state: 'connecting', code: null });
  readonly tabStatus = new Observed<Status>({ state: 'stopped', code: null });
  readonly waiting = new Observed(0);
  readonly options: DeskOptions;
  /** What a letter does while the widget has focus, or with the page's shortcut. */
  readonly keys = new Map<string, () => void>();
  readonly #conversation: Conversation;
  readonly #tab: Conversation;
  readonly #release: () => void;
  #beganAt: number | null = null;

  private constructor(options: DeskOptions, source: string, release: () => void) {
    const { language, pack, uiLanguage } = options;
    this.call = new Observed(emptyCall(options.session));
    this.options = options;
    this.#release = release;
    const hello = {
      ui_language: uiLanguage, ...(language && { language }), ...(pack && { pack }),
    };
    this.#conversation = new Conversation({
      ...options,
      hello: { role: 'seller', source, ...hello },
      storage: tabStorage,
      received: (event) => this.#receive(event),
      changed: (status) => (this.status.value = status),
    });
    this.#tab = new Conversation({
      ...options,
      hello: { role: 'source', source: TAB, ...hello },
      storage: tabStorage,
      received: () => this.#count(),
      changed: (status) => (this.tabStatus.value = status),
    });
    this.#count();
  }

  static async open(options: DeskOptions): Promise<Desk> {
    const { source, release } = await claimSource(options.session);
    return new Desk(options, source, release);
  }

  start(): void {
    this.#conversation.start();
    if (this.#tab.waiting > 0) this.#tab.start();
  }

  close(): void {
    this.#conversation.stop();
    this.#tab.stop();
    this.#release();
  }

  send(frame: ClientFrame): boolean {
    return this.#conversation.send(frame);
  }

  /** A meeting's tab is going to be heard. */
  openTab(): void {
    this.#tab.start();
  }

  /** False when the line was not taken: an interim offline, or too many finals waiting. */
  speak(line: SpokenLine, source?: typeof TAB): boolean {
    const conversation = source === TAB ? this.#tab : this.#conversation;
    const frame = {
      ...line,
      type: 'transcript',
      start_ms: Math.round(line.start_ms),
      end_ms: Math.round(line.end_ms),
    } as const;
    if (!line.final) return conversation.send(frame);
    const taken = conversation.sendFinal(frame);
    this.#count();
    return taken;
  }

  /** Milliseconds since the call began, as its newest line tells; from now on if none was said. */
  callTime(): number {
    const { transcript, skew } = this.call.value;
    const last = transcript.at(-1);
    if (last) this.#beganAt = last.at + (skew ?? 0) - last.end_ms;
    this.#beganAt ??= Date.now();
    return Math.max(0, Date.now() - this.#beganAt);
  }

  #count(): void {
    this.waiting.value = this.#conversation.waiting + this.#tab.waiting;
  }

  #receive(event: ServerEvent): void {
    const before = this.call.value;
    this.call.value = applyEvent(before, event, Date.now());
    this.#count();
    if (event.type === 'ended') this.options.onEnded(event.outcome);
    if (event.type !== 'card' || event.status !== 'open') return;
    const card = this.call.value.cards.find(({ id }) => id === event.id);
    const isKnown = before.cards.some(({ id }) => id === event.id);
    if (card && !isKnown && card.deadline > Date.now()) this.options.onCard(event);
  }
}
