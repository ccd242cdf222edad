/** Every frame of the wire protocol `coach.v1`. Client frames are named `…Frame`, server frames `…Event`. */

export interface HelloFrame {
  type: 'hello';
  role?: 'seller' | 'source';
  source?: string;
  language?: 'pl' | 'de' | 'en' | 'auto';
  ui_language?: 'pl' | 'de' | 'en';
  pack?: string;
  after?: number;
  epoch?: string;
  metadata?: Record<string, unknown>;
  token?: string;
}
export interface TranscriptFrame {
  type: 'transcript';
  utterance: string;
  speaker: 'client' | 'seller';
  text: string;
  final: boolean;
  start_ms: number;
  end_ms: number;
  language?: 'pl' | 'de' | 'en';
  seq?: number;
}
export interface AskFrame { type: 'ask'; text: string }
export interface CancelFrame { type: 'cancel'; card: string }
export interface FeedbackFrame {
  type: 'feedback';
  card: string;
  rating?: number;
  used?: boolean;
  comment?: string;
}
export interface RaiseHandFrame { type: 'raise_hand'; text?: string }
export interface EndFrame { type: 'end'; outcome?: 'won' | 'next_step' | 'lost' }
export interface PingFrame { type: 'ping'; t: unknown }
export interface AuthFrame { type: 'auth'; token: string }
export interface WatchFrame {
  type: 'watch';
  sessions: string[] | '*';
  after?: Record<string, number>;
  epochs?: Record<string, string>;
  token?: string;
}
export interface UnwatchFrame { type: 'unwatch'; sessions: string[] | '*' }
export interface WhisperFrame { type: 'whisper'; session: string; text: string }

export type ClientFrame =
  | HelloFrame | TranscriptFrame | AskFrame | CancelFrame | FeedbackFrame | RaiseHandFrame | EndFrame
  | PingFrame | AuthFrame | WatchFrame | UnwatchFrame | WhisperFrame;

export interface WelcomeEvent {
  type: 'welcome';
  session: string;
  /** When it was sent; shows how far the two clocks differ. */
  at?: number | null;
  epoch: string;
  offset: number;
  acked?: number | null;
  resumed: boolean;
  why?: 'new' | 'epoch' | 'trimmed' | null;
  ended?: boolean;
  heartbeat_ms: number;
  limits: { frame_bytes: number; text_chars: number; frames_per_s: number };
  state: State;
}
export interface AckEvent {
  type: 'ack';
  session: string;
  at: number;
  seq: number;
  stored: 'database' | 'memory';
}
export interface PongEvent { type: 'pong'; t?: unknown }
export interface TranscriptEvent {
  type: 'transcript';
  session: string;
  at: number;
  offset?: number | null;
  utterance: string;
  source: string;
  speaker: 'client' | 'seller';
  text: string;
  final: boolean;
  start_ms: number;
  end_ms: number;
  language: 'pl' | 'de' | 'en';
  seq?: number | null;
}
export interface ObjectionEvent {
  type: 'objection';
  session: string;
  at: number;
  offset: number;
  utterance: string;
  source: string;
  id: string;
  category:
    | 'price' | 'timing' | 'need' | 'authority' | 'trust' | 'competition' | 'product_fit' | 'stall';
  subtype?: string | null;
  status: 'provisional' | 'confirmed' | 'retracted' | 'handled';
  confidence: number;
  quote: string;
  language: 'pl' | 'de' | 'en';
  by: 'instant' | 'judge';
}
export interface SignalEvent {
  type: 'signal';
  session: string;
  at: number;
  offset: number;
  utterance: string;
  source: string;
  id: string;
  kind:
    | 'price_inquiry' | 'financing' | 'trial' | 'timeline' | 'configuration'
    | 'ownership_language' | 'next_step' | 'social_proof' | 'agreement';
  status: 'provisional' | 'confirmed' | 'retracted' | 'handled';
  confidence: number;
  quote: string;
  by: 'instant' | 'judge';
}
export interface ArchetypeShare {
  id:
    | 'achiever' | 'analyst' | 'idealist' | 'guardian' | 'enthusiast' | 'innovator' | 'economizer'
    | 'sceptic';
  p: number;
}
export interface ArchetypeEvent {
  type: 'archetype';
  session: string;
  at: number;
  offset: number;
  utterance: string;
  source: string;
  ranking: ArchetypeShare[];
  stable: ArchetypeShare['id'] | null;
  disc: { id: 'D' | 'I' | 'S' | 'C'; p: number }[];
  big_five: {
    openness: number;
    conscientiousness: number;
    extraversion: number;
    agreeableness: number;
    neuroticism: number;
  };
  evidence: { utterance: string; quote: string; id: ArchetypeShare['id']; weight: number }[];
}
export interface StageEvent {
  type: 'stage';
  session: string;
  at: number;
  offset: number;
  utterance: string;
  source: string;
  stage:
    | 'opening' | 'discovery' | 'presentation' | 'objection_handling' | 'closing' | 'wrap_up';
  confidence: number;
}
export interface MetricsEvent {
  type: 'metrics';
  session: string;
  at: number;
  utterance?: string | null;
  source?: string | null;
  purchase_likelihood: number;
  churn_risk: number;
  fun_drive: number;
  overnight_value: number;
  talk_ratio: number;
  words_per_minute: number;
  longest_monologue_ms: number;
  open_objections: number;
}
export interface NudgeEvent {
  type: 'nudge';
  session: string;
  at: number;
  offset: number;
  utterance?: string | null;
  source?: string | null;
  kind: 'monologue' | 'talk_ratio' | 'pace' | 'checklist' | 'compliance' | 'roles_swapped';
  text: string;
}
export interface CardEvent {
  type: 'card';
  session: string;
  at: number;
  offset: number;
  utterance?: string | null;
  source?: string | null;
  id: string;
  status: 'open' | 'closed';
  why?: 'retracted' | 'handled' | 'superseded' | 'used' | 'expired' | null;
  trigger: { type: 'objection' | 'signal' | 'ask' | 'stage'; id: string };
  title: string;
  say: string;
  ask?: string | null;
  facts?: string[] | null;
  variant: string;
  confidence: number;
  expires_at: number;
}
export interface TokenEvent {
  type: 'token';
  session: string;
  at: number;
  card: string;
  start: number;
  text: string;
}
export interface SuggestionEvent {
  type: 'suggestion';
  session: string;
  at: number;
  offset: number;
  card: string;
  status:
    | 'started' | 'done' | 'cancelled' | 'superseded' | 'failed' | 'truncated' | 'expired';
  provider: string;
  model: string;
  text: string;
  timing: { first_token_ms?: number | null; total_ms?: number | null };
  usage: Usage;
}
export interface Usage {
  input_tokens?: number | null;
  output_tokens?: number | null;
  cost_usd?: number | null;
}
export interface WhisperEvent {
  type: 'whisper';
  session: string;
  at: number;
  offset: number;
  from: string;
  text: string;
}
export interface RaiseHandEvent {
  type: 'raise_hand';
  session: string;
  at: number;
  offset: number;
  text?: string | null;
}
export interface PresenceEvent { type: 'presence'; session: string; at: number; watchers: number }
export interface SummaryEvent {
  type: 'summary';
  session: string;
  at: number;
  offset: number;
  outcome: 'won' | 'next_step' | 'lost' | null;
  objections: {
    category: ObjectionEvent['category'];
    quote: string;
    status: ObjectionEvent['status'];
    answer?: string | null;
  }[];
  archetype: ArchetypeShare['id'] | null;
  needs: { kind: string; quote: string }[];
  next_step: string | null;
  follow_up: string;
  metrics: Record<string, number>;
  cost: Usage;
}
export interface EndedEvent {
  type: 'ended';
  session: string;
  at: number;
  offset: number;
  outcome: 'won' | 'next_step' | 'lost' | null;
}
export interface SessionEvent {
  type: 'session';
  session: string;
  at: number;
  seller: string;
  pack: string;
  language: 'pl' | 'de' | 'en' | 'auto';
  stage: StageEvent['stage'] | null;
  archetype: ArchetypeShare['id'] | null;
  metrics: Record<string, number>;
  last_line: string;
  started_at: number;
}
export interface HeartbeatEvent {
  type: 'heartbeat';
  session?: string | null;
  offset?: number | null;
}
export interface DrainingEvent { type: 'draining'; retry_after_ms: number }
export interface ErrorEvent {
  type: 'error';
  session?: string | null;
  code: string;
  message: string;
  fatal: boolean;
  seq?: number | null;
  expect?: number | null;
  retry_after_ms?: number | null;
}

export type ServerEvent =
  | WelcomeEvent | AckEvent | PongEvent | TranscriptEvent | ObjectionEvent | SignalEvent
  | ArchetypeEvent | StageEvent | MetricsEvent | NudgeEvent | CardEvent | TokenEvent
  | SuggestionEvent | WhisperEvent | RaiseHandEvent | PresenceEvent | SummaryEvent | EndedEvent
  | SessionEvent | HeartbeatEvent | DrainingEvent | ErrorEvent;

/** The snapshot of a session: each entry has the shape of its newest event. */
export interface State {
  transcript?: TranscriptEvent[] | null;
  objections?: ObjectionEvent[] | null;
  signals?: SignalEvent[] | null;
  archetype?: ArchetypeEvent | null;
  stage?: StageEvent | null;
  cards?: CardEvent[] | null;
  suggestions?: SuggestionEvent[] | null;
  strategies?: Record<string, number> | null;
  outcome?: EndedEvent['outcome'];
  metrics?: MetricsEvent | null;
  presence?: PresenceEvent | null;
  interims?: TranscriptEvent[];
  streaming?: Record<string, string>;
}
