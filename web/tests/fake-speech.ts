/** A browser's recognition that the test lets hear, fail and end. */
import type { Speech, SpeechResult, SpeechResults } from '../widget/said/speech';

export class FakeSpeech implements Speech {
  static made: FakeSpeech[] = [];
  lang = '';
  continuous = false;
  interimResults = false;
  onstart: (() => void) | null = null;
  onresult: ((event: SpeechResults) => void) | null = null;
  onerror: ((event: { error: string }) => void) | null = null;
  onend: (() => void) | null = null;
  track: MediaStreamTrack | undefined;
  asked: string[] = [];
  #results: SpeechResult[] = [];

  constructor() {
    FakeSpeech.made.push(this);
  }

  static get newest(): FakeSpeech {
    return FakeSpeech.made.at(-1)!;
  }

  start(track?: MediaStreamTrack): void {
    this.track = track;
    this.asked.push('start');
    this.onstart?.();
  }

  stop(): void {
    this.asked.push('stop');
  }

  abort(): void {
    this.asked.push('abort');
  }

  /** The newest result, growing until it is final. */
  hear(transcript: string, isFinal = false): void {
    const at = this.#results.findIndex((result) => !result.isFinal);
    const index = at < 0 ? this.#results.length : at;
    this.#results[index] = { isFinal, 0: { transcript } };
    this.onresult?.({ resultIndex: index, results: this.#results });
  }

  fail(error: string): void {
    this.onerror?.({ error });
    this.onend?.();
  }
}
