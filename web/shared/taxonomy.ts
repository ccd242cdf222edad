/** The wire's words as types of their own. */
import type {
  ArchetypeShare, EndedEvent, ObjectionEvent, ServerEvent, SignalEvent, StageEvent, TranscriptEvent,
} from './wire';

export type Language = TranscriptEvent['language'];
export type Speaker = TranscriptEvent['speaker'];
export type Category = ObjectionEvent['category'];
export type SignalKind = SignalEvent['kind'];
export type ArchetypeId = ArchetypeShare['id'];
export type Stage = StageEvent['stage'];
export type Outcome = NonNullable<EndedEvent['outcome']>;

/** Fields that some events have. Durable ones carry an offset. */
export function common(event: ServerEvent): { session?: string; at?: number; offset?: number } {
  const { session, at, offset } = event as Partial<Record<'session' | 'at' | 'offset', unknown>>;
  return {
    ...(typeof session === 'string' && { session }),
    ...(typeof at === 'number' && { at }),
    ...(typeof offset === 'number' && { offset }),
  };
}
