/** One call in full: what the server recorded, then what happens. Pure. */
import { applyEvent, emptyCall, type Call } from '../shared/store';
import type { MetricsEvent, ServerEvent } from '../shared/wire';
import type { Problem, RecordedCall } from './api';

const MOST_POINTS = 3_000;

export interface OpenedCall {
  call: Call;
  /** Metrics as they came, oldest first; thinned out when there are many. */
  metrics: MetricsEvent[];
  /** Whether the recorded events are here, on their way, or why they are not. */
  record: 'loading' | 'read' | Problem;
}

export function openCall(session: string): OpenedCall {
  return { call: emptyCall(session), metrics: [], record: 'loading' };
}

/** A long call's first events may be gone; its snapshot, which watching brings, is then the truth. */
export function isWhole({ offset, events }: RecordedCall): boolean {
  return events.length === offset;
}

export function applyRecord(opened: OpenedCall, record: RecordedCall, now: number): OpenedCall {
  const { epoch, offset, events } = record;
  const before = { ...emptyCall(opened.call.session), epoch, replayedTo: offset };
  const read: OpenedCall = { call: before, metrics: [], record: 'read' };
  const after = events.reduce((call, event) => applyLive(call, event, now), read);
  return { ...after, call: { ...after.call, offset } };
}

export function applyLive(opened: OpenedCall, event: ServerEvent, now: number): OpenedCall {
  const call = applyEvent(opened.call, event, now);
  const metrics = event.type === 'metrics' ? thinned([...opened.metrics, event]) : opened.metrics;
  return call === opened.call && metrics === opened.metrics ? opened : { ...opened, call, metrics };
}

function thinned(points: MetricsEvent[]): MetricsEvent[] {
  return points.length <= MOST_POINTS ? points : points.filter((_point, index) => index % 2 === 0);
}
