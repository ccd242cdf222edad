/** One call in full: what the server recorded, then what happens. Pure. */
import { applyEvent, emptyCall, type Call } from '../shared/store';
import type { ArchetypeEvent, MetricsEvent, ServerEvent, TranscriptEvent } from '../shared/wire';
import type { Problem, RecordedCall } from './api';

const MOST_POINTS = 3_000;

/** The call's figures at an instant (`at`: Unix ms of the server). */
export type Figures = Omit<MetricsEvent, 'type' | 'session' | 'utterance' | 'source'>;

export interface OpenedCall {
  call: Call;
  /** As they came, oldest first; thinned out when there are many. */
  metrics: Figures[];
  archetypes: ArchetypeEvent[];
  /** When the first event happened (Unix ms of the server): the plots begin there. */
  startedAt: number | null;
  /** Whether the recorded events are here, on their way, or why they are not. */
  record: 'loading' | 'read' | Problem;
}

export function openCall(session: string): OpenedCall {
  return {
    call: emptyCall(session), metrics: [], archetypes: [], startedAt: null, record: 'loading',
  };
}

/** A long call's first events may be gone; its snapshot, which watching brings, is then the truth. */
export function isWhole({ offset, events }: RecordedCall): boolean {
  return events.length === offset;
}

export function applyRecord(opened: OpenedCall, record: RecordedCall, now: number): OpenedCall {
  const { epoch, offset, events } = record;
  const before = { ...emptyCall(opened.call.session), epoch, replayedTo: offset };
  const read: OpenedCall = { ...openCall(opened.call.session), call: before, record: 'read' };
  const after = events.reduce((call, event) => applyLive(call, event, now), read);
  return { ...after, metrics: opened.metrics, call: { ...after.call, offset } };
}

/** Puts the figures that were kept before those that were heard. */
export function applyKept(opened: OpenedCall, kept: Figures[]): OpenedCall {
  const last = kept.at(-1)?.at ?? 0;
  const metrics = thinned([...kept, ...opened.metrics.filter(({ at }) => at > last)]);
  return { ...opened, metrics, startedAt: earliest(opened.startedAt, kept[0]?.at) };
}

export function applyLive(opened: OpenedCall, event: ServerEvent, now: number): OpenedCall {
  const call = applyEvent(opened.call, event, now);
  if (call === opened.call) return opened;
  const next = { ...opened, call };
  if ('at' in event && event.type !== 'welcome' && event.type !== 'presence') {
    next.startedAt = earliest(opened.startedAt, event.at);
  }
  if (event.type === 'metrics') next.metrics = thinned([...opened.metrics, event]);
  if (event.type === 'archetype') next.archetypes = thinned([...opened.archetypes, event]);
  return next;
}

/** What was said last at an instant (Unix ms), or null before the first line. */
export function lineAt(transcript: TranscriptEvent[], at: number): TranscriptEvent | null {
  let low = 0;
  let high = transcript.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((transcript[middle] as TranscriptEvent).at <= at) low = middle + 1;
    else high = middle;
  }
  return transcript[low - 1] ?? transcript[0] ?? null;
}

export function lineKey({ source, utterance }: { source: string; utterance: string }): string {
  return `${source} ${utterance}`;
}

function earliest(known: number | null, seen: number | undefined): number | null {
  if (seen === undefined) return known;
  return known === null ? seen : Math.min(known, seen);
}

/** Every second point goes, but never the newest. */
function thinned<T>(points: T[]): T[] {
  if (points.length <= MOST_POINTS) return points;
  return points.filter((_point, index) => (points.length - 1 - index) % 2 === 0);
}
