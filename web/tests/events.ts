/** Events as the server would send them, with what a test does not care about filled in. */
import type {
  CardEvent, MetricsEvent, ObjectionEvent, RaiseHandEvent, SessionEvent, SuggestionEvent,
  TranscriptEvent, WelcomeEvent,
} from '../shared/wire';

const base = { session: 'call-1', at: 1_000 };
const cause = { utterance: 'u1', source: 'mic' };

export function welcome(fields: Partial<WelcomeEvent> = {}): WelcomeEvent {
  return {
    type: 'welcome', session: 'call-1', at: 1_000, epoch: 'e1', offset: 0, acked: 0, resumed: false,
    heartbeat_ms: 25_000, limits: { frame_bytes: 65_536, text_chars: 8_000, frames_per_s: 100 },
    state: {}, ...fields,
  };
}

export function final(offset: number, fields: Partial<TranscriptEvent> = {}): TranscriptEvent {
  return {
    ...base, ...cause, type: 'transcript', offset, utterance: `u${offset}`, speaker: 'client',
    text: 'It is too expensive.', final: true, start_ms: 0, end_ms: 900, language: 'en',
    seq: offset, ...fields,
  };
}

export function objection(offset: number, fields: Partial<ObjectionEvent> = {}): ObjectionEvent {
  return {
    ...base, ...cause, type: 'objection', offset, id: 'o1', category: 'price',
    status: 'provisional', confidence: 0.8, quote: 'too expensive', language: 'en', by: 'instant',
    ...fields,
  };
}

export function card(offset: number, fields: Partial<CardEvent> = {}): CardEvent {
  return {
    ...base, type: 'card', offset, id: 'c1', status: 'open', trigger: { type: 'objection', id: 'o1' },
    title: 'Cost by month', say: 'Let us look at it by month.', variant: 'calm', confidence: 0.9,
    expires_at: 21_000, ...fields,
  };
}

export function suggestion(offset: number, fields: Partial<SuggestionEvent> = {}): SuggestionEvent {
  return {
    ...base, type: 'suggestion', offset, card: 'c1', status: 'started', provider: 'scripted',
    model: 'scripted', text: '', timing: {}, usage: {}, ...fields,
  };
}

/** A call on the wall that begins at 1 (Unix ms). */
export function line(session: string, fields: Partial<SessionEvent> = {}): SessionEvent {
  return {
    type: 'session', session, at: 1, seller: 'Amy', pack: 'saas', language: 'en', stage: null,
    archetype: null, metrics: {}, last_line: '', started_at: 1, objections: [], hand: false, ...fields,
  };
}

export function hand(session: string, text = 'can I give ten percent?'): RaiseHandEvent {
  return { type: 'raise_hand', session, at: 1, offset: 4, text };
}

export function metrics(at: number, fields: Partial<MetricsEvent> = {}): MetricsEvent {
  return {
    type: 'metrics', session: 'call-1', at, purchase_likelihood: 50, churn_risk: 20, fun_drive: 1,
    overnight_value: 1, talk_ratio: 0.5, words_per_minute: 120, longest_monologue_ms: 0,
    open_objections: 0, ...fields,
  };
}
