/** All live calls of the team, as `watch *` tells them. Pure. */
import type { RaiseHandEvent, ServerEvent, SessionEvent } from './wire';

const SPARKLINE_POINTS = 60;

export interface Wall {
  sessions: Record<string, SessionEvent>;
  /** What sellers said when they raised a hand that no whisper has answered yet. */
  hands: Record<string, RaiseHandEvent>;
  ended: Record<string, true>;
  /** Purchase likelihoods, oldest first. */
  likelihoods: Record<string, number[]>;
  /** When something new was last said (Unix ms of the server), as far as this page has seen it. */
  spokenAt: Record<string, number>;
}

export const emptyWall: Wall = { sessions: {}, hands: {}, ended: {}, likelihoods: {}, spokenAt: {} };

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
        spokenAt: without(wall.spokenAt, event.session),
        ended: { ...wall.ended, [event.session]: true },
      };
    default:
      return wall;
  }
}

function applySession(wall: Wall, event: SessionEvent): Wall {
  const { session } = event;
  const points = wall.likelihoods[session] ?? [];
  const newest = event.metrics['purchase_likelihood'];
  const isNews = wall.spokenAt[session] === undefined
    || wall.sessions[session]?.last_line !== event.last_line;
  return {
    ...wall,
    sessions: { ...wall.sessions, [session]: event },
    // Another manager's whisper lowers the hand, and comes to this page only as this line.
    hands: event.hand ? wall.hands : without(wall.hands, session),
    likelihoods: newest === undefined
      ? wall.likelihoods
      : { ...wall.likelihoods, [session]: [...points, newest].slice(-SPARKLINE_POINTS) },
    spokenAt: isNews ? { ...wall.spokenAt, [session]: event.at } : wall.spokenAt,
  };
}

function without<T>(record: Record<string, T>, key: string): Record<string, T> {
  if (!(key in record)) return record;
  const { [key]: _gone, ...rest } = record;
  return rest;
}
