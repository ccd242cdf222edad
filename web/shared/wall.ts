/** All live calls of the team, as `watch *` tells them. Pure. */
import type { RaiseHandEvent, ServerEvent, SessionEvent } from './wire';

const SPARKLINE_POINTS = 60;

export interface Wall {
  sessions: Record<string, SessionEvent>;
  /** Hands that no whisper has answered yet. */
  hands: Record<string, RaiseHandEvent>;
  ended: Record<string, true>;
  /** Purchase likelihoods, oldest first. */
  likelihoods: Record<string, number[]>;
}

export const emptyWall: Wall = { sessions: {}, hands: {}, ended: {}, likelihoods: {} };

/** A fresh connection tells every live call again. */
export function awaitSessions(wall: Wall): Wall {
  return { ...wall, sessions: {} };
}

export function applyToWall(wall: Wall, event: ServerEvent): Wall {
  switch (event.type) {
    case 'session':
      return wall.ended[event.session] ? wall : applySession(wall, event);
    case 'raise_hand':
      return { ...wall, hands: { ...wall.hands, [event.session]: event } };
    case 'whisper':
      return { ...wall, hands: without(wall.hands, event.session) };
    case 'ended':
      return {
        sessions: without(wall.sessions, event.session),
        hands: without(wall.hands, event.session),
        likelihoods: without(wall.likelihoods, event.session),
        ended: { ...wall.ended, [event.session]: true },
      };
    default:
      return wall;
  }
}

function applySession(wall: Wall, event: SessionEvent): Wall {
  const known = wall.likelihoods[event.session] ?? [];
  const newest = event.metrics['purchase_likelihood'];
  const points = newest === undefined ? known : [...known, newest].slice(-SPARKLINE_POINTS);
  return {
    ...wall,
    sessions: { ...wall.sessions, [event.session]: event },
    likelihoods: { ...wall.likelihoods, [event.session]: points },
  };
}

function without<T>(record: Record<string, T>, key: string): Record<string, T> {
  const { [key]: _gone, ...rest } = record;
  return rest;
}

const HAND_WEIGHT = 1_000;
const OBJECTION_WEIGHT = 10;

/** The calls in most need of help first; equals by age, so that the order is calm. */
export function byNeed(wall: Wall): SessionEvent[] {
  const need = ({ session, metrics }: SessionEvent) =>
    (session in wall.hands ? HAND_WEIGHT : 0) +
    (metrics['churn_risk'] ?? 0) -
    (metrics['purchase_likelihood'] ?? 0) +
    OBJECTION_WEIGHT * (metrics['open_objections'] ?? 0);
  return Object.values(wall.sessions).sort(
    (a, b) => need(b) - need(a) || a.started_at - b.started_at,
  );
}
