/**
 * How much a live call needs a manager, and why. Pure.
 * Three levels instead of one long ranking: a call moves only when it matters, and then visibly.
 */
import type { Category } from '../shared/taxonomy';
import type { Wall } from '../shared/wall';
import type { SessionEvent } from '../shared/wire';

export type Level = 'help' | 'watch' | 'calm';
export const LEVELS: readonly Level[] = ['help', 'watch', 'calm'];

export type Reason =
  | { kind: 'hand'; text: string }
  | { kind: 'objections'; categories: Category[] }
  | { kind: 'risk'; percent: number }
  | { kind: 'fall'; points: number }
  | { kind: 'silence'; since: number }
  | { kind: 'talk'; percent: number };

export interface Need { level: Level; score: number; reasons: Reason[] }

const HAND_SCORE = 100;
const OBJECTION_SCORE = 20;
const RISK_FROM_PERCENT = 50;
const FALL_FROM_POINTS = 12;
const SILENCE_FROM_MS = 45_000;
const LONG_SILENCE_MS = 120_000;
const SILENCE_SCORE = 15;
const TALK_FROM_PERCENT = 75;
const TALK_SCORE = 8;
/** A call that has only begun has no share of talking worth a word. */
const TALK_AFTER_MS = 60_000;

/** Entered at the first score, left below the second: a call at the edge does not flicker. */
const THRESHOLDS: Record<'help' | 'watch', readonly [number, number]> = {
  help: [60, 45],
  watch: [20, 12],
};

/** `now`: Unix ms of the server. `before`: the level that the call has had so far. */
export function needOf(wall: Wall, call: SessionEvent, now: number, before: Level): Need {
  const weighed = weigh(wall, call, now).sort((a, b) => b.score - a.score);
  const score = weighed.reduce((sum, { score: part }) => sum + part, 0);
  return { level: levelOf(score, before), score, reasons: weighed.map(({ reason }) => reason) };
}

function weigh(wall: Wall, call: SessionEvent, now: number): { score: number; reason: Reason }[] {
  const found: { score: number; reason: Reason }[] = [];
  const add = (score: number, reason: Reason) => found.push({ score, reason });
  if (call.hand) add(HAND_SCORE, { kind: 'hand', text: wall.hands[call.session]?.text ?? '' });
  const { objections } = call;
  if (objections.length > 0) {
    add(OBJECTION_SCORE * objections.length, { kind: 'objections', categories: objections });
  }
  const risk = Math.round(call.metrics['churn_risk'] ?? 0);
  if (risk > RISK_FROM_PERCENT) add(risk - RISK_FROM_PERCENT, { kind: 'risk', percent: risk });
  const fall = fallOf(wall.likelihoods[call.session] ?? []);
  if (fall >= FALL_FROM_POINTS) add(fall, { kind: 'fall', points: fall });
  const since = wall.spokenAt[call.session] ?? now;
  if (now - since >= SILENCE_FROM_MS) {
    const isLong = now - since >= LONG_SILENCE_MS;
    add(isLong ? 2 * SILENCE_SCORE : SILENCE_SCORE, { kind: 'silence', since });
  }
  const talk = Math.round((call.metrics['talk_ratio'] ?? 0) * 100);
  if (talk > TALK_FROM_PERCENT && now - call.started_at > TALK_AFTER_MS) {
    add(TALK_SCORE, { kind: 'talk', percent: talk });
  }
  return found;
}

/** How far the purchase likelihood is below the highest of what the sparkline shows. */
function fallOf(points: number[]): number {
  const newest = points.at(-1);
  return newest === undefined ? 0 : Math.round(Math.max(...points) - newest);
}

function levelOf(score: number, before: Level): Level {
  const holds = (level: 'help' | 'watch', isIn: boolean) => score >= THRESHOLDS[level][isIn ? 1 : 0];
  if (holds('help', before === 'help')) return 'help';
  return holds('watch', before !== 'calm') ? 'watch' : 'calm';
}
