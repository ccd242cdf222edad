/**
 * One call as its events tell it. Pure: the same snapshot, events and times give the same call.
 * Law: a snapshot plus the durable events after its offset gives the snapshot of later.
 */
import { addToken, running, suggestionOf, type Suggestion } from './suggestions';
import { common, type Outcome } from './taxonomy';
import type {
  ArchetypeEvent, CardEvent, ErrorEvent, MetricsEvent, NudgeEvent, ObjectionEvent, PresenceEvent,
  RaiseHandEvent, ServerEvent, SignalEvent, StageEvent, State, SummaryEvent, TranscriptEvent,
  WelcomeEvent, WhisperEvent,
} from './wire';

/** `deadline` is in this browser's time: from then on the card is not shown. */
export interface Card extends CardEvent { deadline: number }
/** `received` is null for what a replay brought: history, not news. */
export type Received<T> = T & { received: number | null };

export interface Call {
  session: string;
  epoch: string | null;
  offset: number;
  /** Durable events up to here are a replay of what happened while we were away. */
  replayedTo: number;
  /** This browser's clock minus the server's, as the quickest event so far shows it. */
  skew: number | null;
  transcript: TranscriptEvent[];
  interims: TranscriptEvent[];
  objections: ObjectionEvent[];
  signals: SignalEvent[];
  archetype: ArchetypeEvent | null;
  stage: StageEvent | null;
  metrics: MetricsEvent | null;
  presence: PresenceEvent | null;
  cards: Card[];
  suggestions: Record<string, Suggestion>;
  /** What the welcome said about running suggestions; a replayed start goes on from here. */
  streaming: Record<string, string>;
  nudges: Received<NudgeEvent>[];
  whispers: Received<WhisperEvent>[];
  hands: Received<RaiseHandEvent>[];
  summary: SummaryEvent | null;
  ended: boolean;
  outcome: Outcome | null;
  problem: ErrorEvent | null;
}

export function emptyCall(session: string): Call {
  return {
    session, epoch: null, offset: 0, replayedTo: 0, skew: null, transcript: [], interims: [],
    objections: [], signals: [], archetype: null, stage: null, metrics: null, presence: null,
    cards: [], suggestions: {}, streaming: {}, nudges: [], whispers: [], hands: [], summary: null,
    ended: false, outcome: null, problem: null,
  };
}

export function applyEvent(call: Call, event: ServerEvent, now: number): Call {
  if (event.type === 'welcome') return applyWelcome(call, event, now);
  const { offset } = common(event);
  if (offset === undefined || event.type === 'heartbeat') return reduce(call, event, now);
  if (offset <= call.offset) return call;
  return { ...reduce(call, event, now), offset };
}

function applyWelcome(call: Call, event: WelcomeEvent, now: number): Call {
  const skew = event.at == null ? call.skew : quickest(call.skew, now - event.at);
  const { epoch, state } = event;
  const greeted: Call = { ...call, epoch, skew, replayedTo: event.offset, problem: null };
  return event.resumed ? withFleeting(greeted, state) : fromSnapshot(greeted, event);
}

/** The truth as of its offset. What a snapshot does not carry (whispers, nudges) stays as it was. */
function fromSnapshot(call: Call, { offset, ended, state }: WelcomeEvent): Call {
  const suggestions = (state.suggestions ?? []).map(
    (event) => [event.card, suggestionOf(event, event.text)] as const,
  );
  return withFleeting(
    {
      ...call,
      offset,
      transcript: state.transcript ?? [],
      interims: [],
      objections: state.objections ?? [],
      signals: state.signals ?? [],
      archetype: state.archetype ?? null,
      stage: state.stage ?? null,
      cards: (state.cards ?? []).map((card) => ({ ...card, deadline: replayedDeadline(call, card) })),
      suggestions: Object.fromEntries(suggestions),
      ended: ended ?? state.outcome !== undefined,
      outcome: state.outcome ?? null,
    },
    state,
  );
}

/** What has no offset comes with every welcome. */
function withFleeting(call: Call, state: State): Call {
  const streaming = state.streaming ?? {};
  const suggestions = { ...call.suggestions };
  for (const [card, text] of Object.entries(streaming)) {
    suggestions[card] = running(card, text, suggestions[card]);
  }
  return {
    ...call,
    metrics: state.metrics ?? call.metrics,
    presence: state.presence ?? call.presence,
    interims: Object.values(state.interims ?? []),
    streaming,
    suggestions,
  };
}

function reduce(before: Call, event: ServerEvent, now: number): Call {
  const { at, offset } = common(event);
  const replayed = offset !== undefined && offset <= before.replayedTo;
  const call = replayed || at === undefined
    ? before
    : { ...before, skew: quickest(before.skew, now - at) };
  const received = replayed ? null : now;
  switch (event.type) {
    case 'transcript':
      return applyTranscript(call, event);
    case 'objection':
      return { ...call, objections: upsert(call.objections, event) };
    case 'signal':
      return { ...call, signals: upsert(call.signals, event) };
    case 'archetype':
      return { ...call, archetype: event };
    case 'stage':
      return { ...call, stage: event };
    case 'metrics':
      return { ...call, metrics: event };
    case 'presence':
      return { ...call, presence: event };
    case 'card': {
      const deadline = replayed ? replayedDeadline(call, event) : now + event.expires_at - event.at;
      return { ...call, cards: upsert(call.cards, { ...event, deadline }) };
    }
    case 'token': {
      const suggestion = addToken(call.suggestions[event.card], event);
      return { ...call, suggestions: { ...call.suggestions, [event.card]: suggestion } };
    }
    case 'suggestion': {
      const before = event.status === 'started'
        ? replayed && call.streaming[event.card]
        : call.suggestions[event.card]?.text;
      const suggestion = suggestionOf(event, event.text || before || '');
      return { ...call, suggestions: { ...call.suggestions, [event.card]: suggestion } };
    }
    case 'nudge':
      return { ...call, nudges: [...call.nudges, { ...event, received }] };
    case 'whisper':
      return { ...call, whispers: [...call.whispers, { ...event, received }] };
    case 'raise_hand':
      return { ...call, hands: [...call.hands, { ...event, received }] };
    case 'summary':
      return { ...call, summary: event };
    case 'ended':
      return { ...call, ended: true, outcome: event.outcome, interims: [] };
    case 'error':
      return { ...call, problem: event };
    default:
      return call;
  }
}

function applyTranscript(call: Call, event: TranscriptEvent): Call {
  const isSame = (other: TranscriptEvent) =>
    other.utterance === event.utterance && other.source === event.source;
  const interims = call.interims.filter((interim) => !isSame(interim));
  if (event.final) return { ...call, interims, transcript: [...call.transcript, event] };
  if (call.transcript.some(isSame)) return call;
  return { ...call, interims: [...interims, event] };
}

function upsert<T extends { id: string }>(list: T[], item: T): T[] {
  const index = list.findIndex((other) => other.id === item.id);
  return index < 0 ? [...list, item] : list.map((other, at) => (at === index ? item : other));
}

function quickest(known: number | null, seen: number): number {
  return known === null ? seen : Math.min(known, seen);
}

/** Without a measured skew the two clocks are taken to agree. */
function replayedDeadline(call: Call, card: CardEvent): number {
  return card.expires_at + (call.skew ?? 0);
}
