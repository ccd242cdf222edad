/** The wire's labels. */
import type { ServerEvent } from './wire';

export type {
  Archetype as ArchetypeId, Category, Language, Outcome, SignalKind, Speaker, Stage,
} from './wire';

/** Fields that some events have. Durable ones carry an offset. */
export function common(event: ServerEvent): { session?: string; at?: number; offset?: number } {
  const { session, at, offset } = event as Partial<Record<'session' | 'at' | 'offset', unknown>>;
  return {
    ...(typeof session === 'string' && { session }),
    ...(typeof at === 'number' && { at }),
    ...(typeof offset === 'number' && { offset }),
  };
}
