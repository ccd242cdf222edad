/** The seller's microphone, or a meeting's sound, brought into the call as text. */
import { Observed } from '../../shared/observed';
import type { Language, Speaker } from '../../shared/taxonomy';
import type { Desk } from '../desk';
import { Recogniser, type Phase, type Trouble } from './recogniser';
import type { Mode, Speech } from './speech';

export interface ListeningState {
  phase: Phase | 'paused';
  mode: Mode;
  /** Whom the next words are taken for. */
  speaker: Speaker;
  trouble: Trouble | 'silent' | 'full' | null;
  /** What is being heard now. */
  text: string;
}

export interface Hearing {
  desk: Pick<Desk, 'speak' | 'openTab' | 'callTime'>;
  make: () => Speech;
  tabSound: () => Promise<MediaStreamTrack | null>;
}

/** The most that one utterance may have on the wire. */
const MOST_CHARS = 8_000;
const FIRST_SPEAKER: Record<Mode, Speaker> = {
  speakerphone: 'client', headset: 'seller', tab: 'client',
};

export class Listening {
  readonly state = new Observed<ListeningState>({
    phase: 'off', mode: 'speakerphone', speaker: 'client', trouble: null, text: '',
  });
  readonly #hearing: Hearing;
  #recogniser: Recogniser | null = null;
  #track: MediaStreamTrack | null = null;
  #language: Language = 'en';
  /** Counts starts: what an older one still brings is dropped. */
  #attempt = 0;

  constructor(hearing: Hearing) {
    this.#hearing = hearing;
  }

  async start(mode: Mode, language: Language): Promise<void> {
    this.stop();
    const attempt = this.#attempt;
    this.#language = language;
    this.#change({ phase: 'starting', mode, speaker: FIRST_SPEAKER[mode], trouble: null, text: '' });
    if (mode === 'tab') {
      const track = await this.#hearing.tabSound();
      if (attempt !== this.#attempt) return track?.stop();
      if (!track) return this.#change({ phase: 'off', trouble: 'silent' });
      this.#track = track;
      track.onended = () => this.stop();
      this.#hearing.desk.openTab();
    }
    this.#listen();
  }

  pause(): void {
    if (!this.#recogniser) return;
    this.#recogniser.stop();
    this.#recogniser = null;
    this.#change({ phase: 'paused', trouble: null });
  }

  resume(): void {
    if (isHeld(this.state.value)) this.#listen();
  }

  toggle(): void {
    if (isHeld(this.state.value)) this.resume();
    else this.pause();
  }

  stop(): void {
    this.#attempt++;
    this.#recogniser?.stop();
    this.#recogniser = null;
    this.#track?.stop();
    this.#track = null;
    this.#change({ phase: 'off', trouble: null, text: '' });
  }

  /** The other one speaks from now on; only one microphone for both needs to be told. */
  turn(speaker: Speaker = this.state.value.speaker === 'client' ? 'seller' : 'client'): void {
    if (this.state.value.mode !== 'speakerphone' || speaker === this.state.value.speaker) return;
    this.#recogniser?.cut();
    this.#change({ speaker });
  }

  hurry(): void {
    this.#recogniser?.hurry();
  }

  #listen(): void {
    const { mode } = this.state.value;
    const language = this.#language;
    const recogniser: Recogniser = new Recogniser({
      make: this.#hearing.make,
      language: spokenCode(language),
      ...(this.#track && { track: this.#track }),
      speaker: () => this.state.value.speaker,
      callTime: () => this.#hearing.desk.callTime(),
      heard: ({ id, speaker, startMs }, text, final) => {
        const line = {
          utterance: id,
          speaker,
          text: text.slice(0, MOST_CHARS),
          final,
          start_ms: startMs,
          end_ms: Math.max(startMs, this.#hearing.desk.callTime()),
          language,
        };
        const taken = this.#hearing.desk.speak(line, mode === 'tab' ? 'tab' : undefined);
        this.#change({ text: final ? '' : text });
        if (final) this.#count(taken);
      },
      changed: (phase, trouble) => {
        if (recogniser === this.#recogniser) this.#change({ phase, trouble });
      },
    });
    this.#recogniser = recogniser;
    recogniser.start();
  }

  #count(taken: boolean): void {
    if (!taken) this.#change({ trouble: 'full' });
    else if (this.state.value.trouble === 'full') this.#change({ trouble: null });
  }

  #change(part: Partial<ListeningState>): void {
    this.state.value = { ...this.state.value, ...part };
  }
}

/** Off for now; the seller can go on. */
export function isHeld({ phase }: ListeningState): boolean {
  return phase === 'paused' || phase === 'blocked';
}

/** With the region that the browser's user has, if it is one of this language. */
function spokenCode(language: Language): string {
  const regions: Record<Language, string> = { pl: 'pl-PL', de: 'de-DE', en: 'en-US' };
  return navigator.languages.find((code) => code.startsWith(`${language}-`)) ?? regions[language];
}
