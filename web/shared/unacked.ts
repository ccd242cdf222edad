import type { Storage } from './storage';
import type { TranscriptFrame } from './wire';

export const MAX_FRAMES = 500;
export const MAX_BYTES = 1_000_000;

interface Entry { seq: number; json: string }
interface Kept { last: number; entries: Entry[]; isGreeted?: boolean }

/**
 * The finals that the server has not stored yet, in order, across reloads of the tab.
 * A final is `sent` on the present socket or waits for it; `rewind` makes it wait again.
 */
export class Unacked {
  readonly #key: string;
  readonly #storage: Storage;
  #entries: Entry[] = [];
  #last = 0;
  #sentTo = 0;
  /** Until a server has told what it has of this source, our numbers are our own. */
  #isGreeted = false;

  constructor(session: string, source: string, storage: Storage) {
    this.#key = `coach.unacked.${session}.${source}`;
    this.#storage = storage;
    const kept = storage.get(this.#key);
    if (!kept) return;
    try {
      const { last, entries, isGreeted } = JSON.parse(kept) as Kept;
      this.#last = last;
      this.#entries = entries;
      this.#isGreeted = isGreeted ?? false;
    } catch {
      storage.remove(this.#key);
    }
  }

  get size(): number {
    return this.#entries.length;
  }

  /** Numbers and keeps a final. False when full: the caller must tell, and try again later. */
  add(frame: TranscriptFrame): boolean {
    const seq = this.#last + 1;
    const json = JSON.stringify({ ...frame, seq });
    const bytes = this.#entries.reduce((sum, entry) => sum + entry.json.length, json.length);
    if (this.#entries.length >= MAX_FRAMES || bytes > MAX_BYTES) return false;
    this.#last = seq;
    this.#entries.push({ seq, json });
    this.#keep();
    return true;
  }

  ack(seq: number): void {
    this.#entries = this.#entries.filter((entry) => entry.seq > seq);
    this.#last = Math.max(this.#last, seq);
    this.#keep();
  }

  /**
   * A fresh socket: what the server stored goes, everything after it is to be sent again. What an
   * earlier tab brought under the same name is not ours: the first welcome only moves our numbers.
   */
  welcome(acked: number): void {
    const first = this.#entries[0]?.seq ?? this.#last + 1;
    if (!this.#isGreeted || acked < first - 1) this.#renumber(acked);
    this.#isGreeted = true;
    this.ack(acked);
    this.#sentTo = acked;
  }

  rewind(seq: number): void {
    this.#sentTo = Math.min(this.#sentTo, seq - 1);
  }

  /** The next at most `count` finals to send, as JSON; they count as sent from now on. */
  next(count: number): string[] {
    const due = this.#entries.filter((entry) => entry.seq > this.#sentTo).slice(0, count);
    this.#sentTo = due.at(-1)?.seq ?? this.#sentTo;
    return due.map((entry) => entry.json);
  }

  get waiting(): boolean {
    return (this.#entries.at(-1)?.seq ?? 0) > this.#sentTo;
  }

  /** What is left starts after the server's number. */
  #renumber(acked: number): void {
    this.#entries = this.#entries.map((entry, index) => {
      const seq = acked + 1 + index;
      return { seq, json: JSON.stringify({ ...JSON.parse(entry.json), seq }) };
    });
    this.#last = acked + this.#entries.length;
  }

  #keep(): void {
    this.#storage.set(this.#key, JSON.stringify({
      last: this.#last, entries: this.#entries, isGreeted: this.#isGreeted,
    }));
  }
}
