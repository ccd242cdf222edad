import type { Language, Outcome } from '../shared/taxonomy';
import type { ServerEvent } from '../shared/wire';

export interface SessionRow {
  id: string;
  seller: string | null;
  pack: string | null;
  language: Language | 'auto' | null;
  status: 'live' | 'ended';
  outcome: Outcome | null;
  /** Unix ms or ISO 8601. */
  started_at: number | string;
  ended_at: number | string | null;
}
export interface RecordedCall { epoch: string; offset: number; events: ServerEvent[] }

export type Problem = 'unauthorized' | 'forbidden' | 'absent' | 'unreachable';
export type Answer<T> = { value: T; problem: null } | { value: null; problem: Problem };

const LIMIT_MS = 15_000;

export async function fetchSessions(token: string | null): Promise<Answer<SessionRow[]>> {
  const { value, problem } = await getJson<{ sessions: SessionRow[] }>('/api/sessions', token);
  return value ? { value: value.sessions, problem: null } : { value: null, problem };
}

export function fetchEvents(session: string, token: string | null): Promise<Answer<RecordedCall>> {
  return getJson(`/api/sessions/${encodeURIComponent(session)}/events`, token);
}

async function getJson<T>(path: string, token: string | null): Promise<Answer<T>> {
  try {
    const answer = await fetch(path, {
      headers: token ? { Authorization: `Bearer ${token}` } : {},
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    if (answer.ok) return { value: (await answer.json()) as T, problem: null };
    return { value: null, problem: problemOf(answer.status) };
  } catch {
    return { value: null, problem: 'unreachable' };
  }
}

function problemOf(status: number): Problem {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  return status === 404 ? 'absent' : 'unreachable';
}
