/**
 * The browser's speech recognition as one stream of utterances, for as long as it is wanted. A
 * session of the browser ends after some silence, at its own limit or with a fault; then the next
 * one begins, and what had only been heard in part is taken as said.
 */
import type { Speaker } from '../../shared/taxonomy';
import type { Speech, SpeechResults } from './speech';

export type Phase = 'off' | 'starting' | 'hearing' | 'waiting' | 'blocked';
export type Trouble = 'denied' | 'microphone' | 'network' | 'language' | 'service';

export interface Utterance { id: string; speaker: Speaker; startMs: number }
export interface RecogniserOptions {
  make: () => Speech;
  /** BCP 47, e.g. `pl-PL`. */
  language: string;
  track?: MediaStreamTrack;
  /** Who speaks when an utterance begins. */
  speaker: () => Speaker;
  /** Milliseconds since the call began. */
  callTime: () => number;
  heard: (utterance: Utterance, text: string, final: boolean) => void;
  changed: (phase: Phase, trouble: Trouble | null) => void;
}

const TROUBLES: Record<string, Trouble> = {
  'not-allowed': 'denied',
  'service-not-allowed': 'service',
  'language-not-supported': 'language',
  'audio-capture': 'microphone',
  network: 'network',
};
/** Trying again is of no use until the seller has changed something. */
const FATAL: readonly Trouble[] = ['denied', 'service', 'language'];
const LASTED_MS = 1_000;
const FIRST_PAUSE_MS = 250;
const LAST_PAUSE_MS = 8_000;
/** A session that says nothing at all for so long may be dead: a new one costs nothing. */
const MUTE_MS = 30_000;

export class Recogniser {
  readonly #options: RecogniserOptions;
  #phase: Phase = 'off';
  #trouble: Trouble | null = null;
  #speech: Speech | null = null;
  #open: { utterance: Utterance; text: string } | null = null;
  #begunAt = 0;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: RecogniserOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#phase !== 'off' && this.#phase !== 'blocked') return;
    this.#failures = 0;
    this.#set('starting', null);
    this.#begin();
  }

  /** What is being said still arrives as its final. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#set('off', null);
    this.#speech?.stop();
  }

  /** The utterance ends here: somebody else goes on. */
  cut(): void {
    if (!this.#open) return;
    // Wanted, so the next session begins without a pause.
    this.#begunAt = 0;
    this.#speech?.stop();
  }

  /** The network is back, or the machine awake. */
  hurry(): void {
    if (this.#phase !== 'waiting') return;
    clearTimeout(this.#timer);
    this.#begin();
  }

  #begin(): void {
    const speech = this.#options.make();
    this.#drop();
    this.#speech = speech;
    this.#begunAt = Date.now();
    speech.lang = this.#options.language;
    speech.continuous = true;
    speech.interimResults = true;
    speech.onstart = () => {
      if (this.#phase === 'starting') this.#set('hearing', null);
    };
    speech.onresult = (event) => this.#take(event);
    speech.onerror = ({ error }) => {
      this.#trouble = TROUBLES[error] ?? null;
    };
    speech.onend = () => this.#ended();
    this.#watch();
    try {
      if (this.#options.track) speech.start(this.#options.track);
      else speech.start();
    } catch {
      this.#trouble = 'service';
      this.#ended();
    }
  }

  #take({ results, resultIndex }: SpeechResults): void {
    this.#watch();
    this.#failures = 0;
    this.#trouble = null;
    if (this.#phase === 'starting' || this.#phase === 'waiting') this.#set('hearing', null);
    let growing = '';
    for (const result of Array.from(results).slice(resultIndex)) {
      const text = result[0].transcript;
      if (result.isFinal) this.#say(text, true);
      else growing += text;
    }
    this.#say(growing, false);
  }

  #say(spoken: string, final: boolean): void {
    const text = spoken.trim();
    // A final without words is a fault of the service: what was heard before it was said.
    if (text === '') return final ? this.#flush() : undefined;
    if (!final && text === this.#open?.text) return;
    const utterance = this.#open?.utterance ?? this.#fresh();
    this.#open = final ? null : { utterance, text };
    this.#options.heard(utterance, text, final);
  }

  #fresh(): Utterance {
    return { id: freshId(), speaker: this.#options.speaker(), startMs: this.#options.callTime() };
  }

  #flush(): void {
    if (!this.#open) return;
    const { utterance, text } = this.#open;
    this.#open = null;
    this.#options.heard(utterance, text, true);
  }

  #ended(): void {
    this.#flush();
    this.#drop();
    if (this.#phase === 'off') return;
    const trouble = this.#trouble;
    if (trouble && FATAL.includes(trouble)) {
      clearTimeout(this.#timer);
      this.#set('blocked', trouble);
      return;
    }
    if (trouble) this.#set('waiting', trouble);
    const hasLasted = Date.now() - this.#begunAt >= LASTED_MS && !trouble;
    const pause = hasLasted ? 0 : Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures++);
    this.#trouble = null;
    this.#after(pause, () => this.#begin());
  }

  #watch(): void {
    this.#after(MUTE_MS, () => {
      this.#speech?.abort();
      this.#ended();
    });
  }

  /** A session of before has no say any more. */
  #drop(): void {
    const speech = this.#speech;
    if (!speech) return;
    speech.onstart = speech.onresult = speech.onerror = speech.onend = null;
    this.#speech = null;
  }

  #after(delay: number, action: () => void): void {
    clearTimeout(this.#timer);
    if (this.#phase !== 'off') this.#timer = setTimeout(action, delay);
  }

  #set(phase: Phase, trouble: Trouble | null): void {
    this.#phase = phase;
    this.#options.changed(phase, trouble);
  }
}

let count = 0;

/** Unique in its source, also over reloads. */
function freshId(): string {
  return `heard-${Date.now().toString(36)}-${(count++).toString(36)}`;
}
