/** Every frame of the wire `coach.v1`. Made by `scripts/wire_types.py` from the server's models: change those. */

export type Language = 'pl' | 'de' | 'en';
export type Category =
  | 'price' | 'timing' | 'need' | 'authority' | 'trust' | 'competition' | 'product_fit' | 'stall';
export type SignalKind =
  | 'price_inquiry' | 'financing' | 'trial' | 'timeline' | 'configuration' | 'ownership_language'
  | 'next_step' | 'social_proof' | 'agreement';
export type Archetype =
  | 'achiever' | 'analyst' | 'idealist' | 'guardian' | 'enthusiast' | 'innovator' | 'economizer'
  | 'sceptic';
export type Disc = 'D' | 'I' | 'S' | 'C';
export type Stage =
  | 'opening' | 'discovery' | 'presentation' | 'objection_handling' | 'closing' | 'wrap_up';
export type Speaker = 'client' | 'seller';
export type Outcome = 'won' | 'next_step' | 'lost';
export type BigFive =
  | 'openness' | 'conscientiousness' | 'extraversion' | 'agreeableness' | 'neuroticism';
export type ErrorCode =
  | 'bad_json' | 'bad_frame' | 'unknown_type' | 'too_long' | 'gap' | 'conflict' | 'rate_limited'
  | 'session_ended' | 'not_allowed' | 'unavailable' | 'unauthorized' | 'forbidden' | 'hello_timeout'
  | 'replaced' | 'overloaded' | 'too_slow' | 'draining' | 'no_answer' | 'token_expired' | 'internal';

/** First frame of a conversation socket. */
export interface HelloFrame {
  type: 'hello';
  token?: string;
  role?: 'seller' | 'source';
  source?: string;
  language?: Language | 'auto';
  ui_language?: Language;
  pack?: string;
  after?: number;
  epoch?: string;
  metadata?: Record<string, unknown>;
}
/** An utterance's whole text so far. A final carries `seq`, an interim does not. */
export interface TranscriptFrame {
  type: 'transcript';
  utterance: string;
  speaker: Speaker;
  text: string;
  final: boolean;
  start_ms: number;
  end_ms: number;
  language?: Language;
  seq?: number;
}
/** The seller asks the coach something. */
export interface AskFrame {
  type: 'ask';
  text: string;
}
/** Stop this card's suggestion. */
export interface CancelFrame {
  type: 'cancel';
  card: string;
}
/** What the seller thinks of a card. At least one of the three says something. */
export interface FeedbackFrame {
  type: 'feedback';
  card: string;
  rating?: number;
  used?: boolean;
  comment?: string;
}
/** The seller asks a manager for help. */
export interface RaiseHandFrame {
  type: 'raise_hand';
  text?: string;
}
/** The call is over. */
export interface EndFrame {
  type: 'end';
  outcome?: Outcome;
}
/** A barrier: the `pong` comes after every event that earlier frames caused. */
export interface PingFrame {
  type: 'ping';
  t?: unknown;
}
/** A new token for this socket. */
export interface AuthFrame {
  type: 'auth';
  token: string;
}
/** Subscribe to sessions, or with `*` to the team's wall. */
export interface WatchFrame {
  type: 'watch';
  token?: string;
  sessions: string[] | '*';
  after?: Record<string, number>;
  epochs?: Record<string, string>;
}
/** Take subscriptions back. */
export interface UnwatchFrame {
  type: 'unwatch';
  sessions: string[] | '*';
}
/** A manager's word to the seller. */
export interface WhisperFrame {
  type: 'whisper';
  session: string;
  text: string;
}
export type ClientFrame =
  | HelloFrame | TranscriptFrame | AskFrame | CancelFrame | FeedbackFrame | RaiseHandFrame
  | EndFrame | PingFrame | AuthFrame | WatchFrame | UnwatchFrame | WhisperFrame;

export interface Limits {
  frame_bytes: number;
  text_chars: number;
  frames_per_s: number;
}
/** A session as of an offset. Entries have the shape of their newest event. */
export interface State {
  transcript?: TranscriptEvent[] | null;
  objections?: ObjectionEvent[] | null;
  signals?: SignalEvent[] | null;
  archetype?: ArchetypeEvent | null;
  stage?: StageEvent | null;
  cards?: CardEvent[] | null;
  suggestions?: SuggestionEvent[] | null;
  strategies?: Record<string, number> | null;
  summary?: SummaryEvent | null;
  outcome?: Outcome | null;
  metrics?: MetricsEvent | null;
  presence?: PresenceEvent | null;
  interims?: TranscriptEvent[];
  streaming?: Record<string, string>;
}
export interface ArchetypeShare {
  id: Archetype;
  p: number;
}
export interface DiscShare {
  id: Disc;
  p: number;
}
export interface BigFiveScores {
  openness: number;
  conscientiousness: number;
  extraversion: number;
  agreeableness: number;
  neuroticism: number;
}
export interface Evidence {
  utterance: string;
  quote: string;
  id: Archetype;
  weight: number;
}
export interface Trigger {
  type: 'objection' | 'signal' | 'ask' | 'stage';
  id: string;
}
export interface Timing {
  first_token_ms?: number | null;
  total_ms?: number | null;
}
/** What an answer took. `input_tokens` includes `cached_tokens`; absent: not known. */
export interface Usage {
  input_tokens?: number | null;
  cached_tokens?: number | null;
  output_tokens?: number | null;
  cost_usd?: number | null;
  estimated?: boolean | null;
}
export interface SummaryObjection {
  category: Category;
  quote: string;
  status: 'confirmed' | 'handled' | 'retracted' | 'provisional';
  answer?: string | null;
}
export interface SummaryNeed {
  kind: string;
  quote: string;
}
export interface CallCost {
  input_tokens?: number | null;
  cached_tokens?: number | null;
  output_tokens?: number | null;
  cost_usd?: number | null;
  estimated?: boolean | null;
  judge_usd?: number | null;
}
/** Answers `hello`, and `watch` once a session. Resume is all or nothing. */
export interface WelcomeEvent {
  type: 'welcome';
  session: string;
  at: number;
  epoch: string;
  offset: number;
  acked?: number | null;
  resumed: boolean;
  why?: 'new' | 'epoch' | 'trimmed' | null;
  ended?: boolean;
  heartbeat_ms: number;
  limits: Limits;
  state: State;
}
/** Every final of this source up to `seq` is stored and handled. */
export interface AckEvent {
  session: string;
  at: number;
  type: 'ack';
  seq: number;
  stored: 'database' | 'memory';
}
export interface PongEvent {
  type: 'pong';
  t?: unknown;
}
/** A final (durable) or, to watchers, an interim (latest wins). */
export interface TranscriptEvent {
  session: string;
  at: number;
  type: 'transcript';
  offset?: number | null;
  utterance: string;
  source: string;
  speaker: Speaker;
  text: string;
  final: boolean;
  start_ms: number;
  end_ms: number;
  language: Language;
  seq?: number | null;
}
/** An objection of the client, in its newest status. */
export interface ObjectionEvent {
  session: string;
  at: number;
  offset: number;
  utterance: string;
  source: string;
  type: 'objection';
  id: string;
  category: Category;
  subtype?: string | null;
  status: 'provisional' | 'confirmed' | 'retracted' | 'handled';
  confidence: number;
  quote: string;
  language: Language;
  by: 'instant' | 'judge';
}
/** A buying signal of the client, in its newest status. */
export interface SignalEvent {
  session: string;
  at: number;
  offset: number;
  utterance: string;
  source: string;
  type: 'signal';
  id: string;
  kind: SignalKind;
  status: 'provisional' | 'confirmed' | 'retracted' | 'handled';
  confidence: number;
  quote: string;
  by: 'instant' | 'judge';
}
/** What drives this client: a posterior over the call, best first. */
export interface ArchetypeEvent {
  session: string;
  at: number;
  offset: number;
  utterance: string;
  source: string;
  type: 'archetype';
  ranking: ArchetypeShare[];
  stable: Archetype | null;
  disc: DiscShare[];
  big_five: BigFiveScores;
  evidence: Evidence[];
}
export interface StageEvent {
  session: string;
  at: number;
  offset: number;
  utterance: string;
  source: string;
  type: 'stage';
  stage: Stage;
  confidence: number;
}
/** Figures of the call so far; formulas in docs/metrics.md. */
export interface MetricsEvent {
  session: string;
  at: number;
  type: 'metrics';
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
  session: string;
  at: number;
  offset: number;
  type: 'nudge';
  utterance?: string | null;
  source?: string | null;
  kind: 'monologue' | 'talk_ratio' | 'pace' | 'checklist' | 'compliance' | 'roles_swapped';
  text: string;
}
/** Something to say, useful before any model answers. */
export interface CardEvent {
  session: string;
  at: number;
  offset: number;
  type: 'card';
  utterance?: string | null;
  source?: string | null;
  id: string;
  status: 'open' | 'closed';
  why?: 'retracted' | 'handled' | 'superseded' | 'used' | 'expired' | null;
  trigger: Trigger;
  title: string;
  say: string;
  ask?: string | null;
  facts?: string[] | null;
  variant: string;
  confidence: number;
  expires_at: number;
}
/** Model tokens for a card; `start` counts UTF-16 units before this piece. */
export interface TokenEvent {
  session: string;
  at: number;
  type: 'token';
  card: string;
  start: number;
  text: string;
}
/** The life of a card's model text: `started`, then exactly one end. */
export interface SuggestionEvent {
  session: string;
  at: number;
  offset: number;
  type: 'suggestion';
  utterance?: string | null;
  source?: string | null;
  card: string;
  status: 'started' | 'done' | 'cancelled' | 'superseded' | 'failed' | 'truncated' | 'expired';
  provider: string;
  model: string;
  text: string;
  timing: Timing;
  usage: Usage;
}
export interface WhisperEvent {
  session: string;
  at: number;
  offset: number;
  type: 'whisper';
  from: string;
  text: string;
}
export interface RaiseHandEvent {
  session: string;
  at: number;
  offset: number;
  type: 'raise_hand';
  text?: string | null;
}
export interface PresenceEvent {
  session: string;
  at: number;
  type: 'presence';
  watchers: number;
}
/** The call in short, after its end. */
export interface SummaryEvent {
  session: string;
  at: number;
  offset: number;
  type: 'summary';
  outcome: Outcome | null;
  objections: SummaryObjection[];
  archetype: Archetype | null;
  needs: SummaryNeed[];
  next_step: string | null;
  follow_up: string;
  metrics: Record<string, number>;
  cost: CallCost;
}
export interface EndedEvent {
  session: string;
  at: number;
  offset: number;
  type: 'ended';
  outcome: Outcome | null;
}
/** A live call in one line, for the wall. */
export interface SessionEvent {
  session: string;
  at: number;
  type: 'session';
  seller: string;
  pack: string;
  language: Language | 'auto';
  stage: Stage | null;
  archetype: Archetype | null;
  metrics: Record<string, number>;
  last_line: string;
  started_at: number;
  objections: Category[];
  hand: boolean;
}
/** Per session on a conversation socket; on `/watch` without `offset`, or one a watched session. */
export interface HeartbeatEvent {
  type: 'heartbeat';
  session?: string | null;
  offset?: number | null;
}
export interface DrainingEvent {
  type: 'draining';
  retry_after_ms: number;
}
export interface ErrorEvent {
  type: 'error';
  session?: string | null;
  code: ErrorCode;
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
