/** What the dashboard asks over HTTP; the shapes are those of `/docs/openapi.json`. */
import type { ArchetypeId, Category, Language, Outcome, Speaker } from '../shared/taxonomy';
import type { ObjectionEvent, ServerEvent } from '../shared/wire';
import type { Figures } from './opened-call';

/** Times are Unix ms. */
export interface SessionRow {
  id: string;
  seller: string;
  pack: string;
  language: Language | 'auto';
  status: 'live' | 'ended';
  outcome: Outcome | null;
  started_at: number;
  ended_at: number | null;
}
export interface RecordedCall { epoch: string; offset: number; events: ServerEvent[] }

export interface PastCall extends Omit<SessionRow, 'status'> {
  ended_at: number;
  archetype: ArchetypeId | null;
  objections: { category: Category; status: ObjectionEvent['status'] }[];
  metrics: Record<string, number>;
  cost_usd: number | null;
  /** The first line with the text that was searched. */
  line: { speaker: Speaker; text: string; language: Language } | null;
}
export interface HistoryPage { calls: PastCall[]; next: string | null; searched: number }

export interface Tally {
  calls: number; won: number; next_step: number; lost: number; raised: number; handled: number;
}
export interface TeamFigures {
  total: Tally;
  sellers: (Tally & { seller: string; talk_ratio: number | null })[];
  objections: (Tally & { category: Category })[];
  periods: (Tally & { start: string; objections: Partial<Record<Category, [number, number]>> })[];
  complete: boolean;
}

/** `offset`: the event that the note is about. */
export interface CallNote { id: number; author: string; text: string; offset: number | null; at: number }

export type Problem = 'unauthorized' | 'forbidden' | 'absent' | 'unreachable' | 'refused';
export type Answer<T> = { value: T; problem: null } | { value: null; problem: Problem };
export type Query = Record<string, string | undefined>;

const LIMIT_MS = 15_000;

export class Api {
  readonly #token: () => Promise<string | null>;

  constructor(token: () => Promise<string | null>) {
    this.#token = token;
  }

  async session(id: string): Promise<Answer<SessionRow>> {
    return this.#ask(`/api/sessions/${encodeURIComponent(id)}`);
  }

  async events(id: string): Promise<Answer<RecordedCall>> {
    return this.#ask(`/api/sessions/${encodeURIComponent(id)}/events`);
  }

  async metrics(id: string): Promise<Answer<{ metrics: Figures[] }>> {
    return this.#ask(`/api/sessions/${encodeURIComponent(id)}/metrics`);
  }

  async history(query: Query): Promise<Answer<HistoryPage>> {
    return this.#ask(`/api/history${search(query)}`);
  }

  async figures(query: Query): Promise<Answer<TeamFigures>> {
    return this.#ask(`/api/figures${search(query)}`);
  }

  async notes(id: string): Promise<Answer<{ notes: CallNote[] }>> {
    return this.#ask(`/api/sessions/${encodeURIComponent(id)}/notes`);
  }

  async note(id: string, text: string, offset: number | null): Promise<Answer<CallNote>> {
    const body = JSON.stringify({ text, ...(offset !== null && { offset }) });
    return this.#ask(`/api/sessions/${encodeURIComponent(id)}/notes`, { method: 'POST', body });
  }

  async removeNote(id: string, note: number): Promise<Answer<null>> {
    return this.#ask(`/api/sessions/${encodeURIComponent(id)}/notes/${note}`, { method: 'DELETE' });
  }

  async #ask<T>(path: string, request: RequestInit = {}): Promise<Answer<T>> {
    try {
      const token = await this.#token();
      const answer = await fetch(path, {
        ...request,
        headers: token ? { Authorization: `Bearer ${token}` } : {},
        signal: AbortSignal.timeout(LIMIT_MS),
      });
      if (!answer.ok) return { value: null, problem: problemOf(answer.status) };
      return { value: (answer.status === 204 ? null : await answer.json()) as T, problem: null };
    } catch {
      return { value: null, problem: 'unreachable' };
    }
  }
}

function search(query: Query): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => !!entry[1]);
  return given.length > 0 ? `?${new URLSearchParams(given)}` : '';
}

function problemOf(status: number): Problem {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'absent';
  return status === 409 || status === 422 ? 'refused' : 'unreachable';
}
