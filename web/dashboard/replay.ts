/** A recorded call, at any instant of it. Pure: its events up to there, folded. */
import { emptyCall } from '../shared/store';
import type { ServerEvent } from '../shared/wire';
import type { RecordedCall } from './api';
import { applyLive, openCall, type Figures, type OpenedCall } from './opened-call';

/** A pause of hours, in which nobody was there, plays as this long. */
const LONGEST_PAUSE_MS = 20_000;
const CHECKPOINT_EVENTS = 64;

export interface Moment { ms: number; event: ServerEvent & { at: number } }

export interface Recording {
  session: string;
  epoch: string;
  /** In order; `ms` is played time from the first one on. */
  moments: Moment[];
  lengthMs: number;
}

export function recordingOf(
  session: string, { epoch, events }: RecordedCall, metrics: Figures[],
): Recording {
  const measured = metrics.map((figures) => ({ ...figures, type: 'metrics' as const, session }));
  const all = [...events, ...measured].filter((event): event is Moment['event'] => 'at' in event);
  // Events of one instant keep their order; figures follow what changed them.
  all.sort((a, b) => a.at - b.at);
  let ms = 0;
  const moments = all.map((event, index) => {
    const pause = event.at - (all[index - 1]?.at ?? event.at);
    ms += Math.min(pause, LONGEST_PAUSE_MS);
    return { ms, event };
  });
  return { session, epoch, moments, lengthMs: ms };
}

/** How many moments have happened by `ms`. */
export function countAt({ moments }: Recording, ms: number): number {
  let low = 0;
  let high = moments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((moments[middle] as Moment).ms <= ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The played time at which an event (Unix ms) happened. */
export function msOf({ moments }: Recording, at: number): number {
  return moments.find(({ event }) => event.at >= at)?.ms ?? moments.at(-1)?.ms ?? 0;
}

/** Goes back and forth in a recording; keeps the call at every 64th event, so that a jump costs little. */
export class Player {
  readonly recording: Recording;
  readonly #kept: OpenedCall[];
  #count = 0;
  #now: OpenedCall;

  constructor(recording: Recording) {
    this.recording = recording;
    const before: OpenedCall = {
      ...openCall(recording.session),
      call: { ...emptyCall(recording.session), epoch: recording.epoch },
      record: 'read',
    };
    this.#kept = [before];
    this.#now = before;
  }

  /** The call as it stood at `ms`. The same object as long as nothing has happened. */
  at(ms: number): OpenedCall {
    const count = countAt(this.recording, ms);
    const isForward = count >= this.#count;
    const checkpoint = Math.min(Math.floor(count / CHECKPOINT_EVENTS), this.#kept.length - 1);
    if (!isForward || checkpoint * CHECKPOINT_EVENTS > this.#count) {
      this.#count = checkpoint * CHECKPOINT_EVENTS;
      this.#now = this.#kept[checkpoint] as OpenedCall;
    }
    while (this.#count < count) this.#step();
    return this.#now;
  }

  #step(): void {
    const { event } = this.recording.moments[this.#count] as Moment;
    this.#now = applyLive(this.#now, event, event.at);
    this.#count += 1;
    if (this.#count === this.#kept.length * CHECKPOINT_EVENTS) this.#kept.push(this.#now);
  }
}
