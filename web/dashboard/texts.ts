import type { Language } from '../shared/taxonomy';
import type { CardEvent, SuggestionEvent } from '../shared/wire';
import type { Problem } from './api';
import type { Level } from './need';
import { de } from './texts-de';
import { en } from './texts-en';
import { pl } from './texts-pl';

type Word =
  | 'title' | 'live' | 'history' | 'figures' | 'demo' | 'language' | 'dismiss' | 'loading' | 'skip'
  // The wall
  | 'noCalls' | 'noCallsHow' | 'narrow' | 'all' | 'noneFits' | 'showAll' | 'held' | 'wantsHelp'
  | 'unanswered' | 'fallen' | 'silence' | 'talksMuch' | 'likelihood' | 'churn' | 'talk' | 'pace'
  | 'nothingSaid'
  // One call
  | 'call' | 'calls' | 'seller' | 'sellers' | 'pack' | 'stage' | 'started' | 'length' | 'outcome'
  | 'watchers' | 'transcript' | 'objection' | 'objections' | 'noObjections' | 'byJudge' | 'byInstant'
  | 'metrics' | 'noMetrics' | 'archetypes' | 'plotHow' | 'cards' | 'noCards' | 'cardOpen'
  | 'firstToken' | 'total' | 'whisper' | 'whisperPlaceholder' | 'lastWhisper' | 'notes' | 'note'
  | 'notePlaceholder' | 'noteAbout' | 'remove'
  // After the call
  | 'summary' | 'noSummary' | 'nextStep' | 'needs' | 'cost' | 'judgeCost' | 'cached' | 'followUp' | 'none'
  | 'takeAlong' | 'copy' | 'copied' | 'replay' | 'play' | 'pause' | 'position' | 'speed'
  // What is over
  | 'noHistory' | 'noHistoryHow' | 'said' | 'saidPlaceholder' | 'period' | 'always' | 'more'
  | 'searchOn' | 'raised' | 'handled' | 'handledShare' | 'winRate' | 'winRateWith' | 'perCall'
  | 'newestOnly'
  // Signing in
  | 'signIn' | 'signInHow' | 'token' | 'runsOut' | 'runsOutHow' | 'wrongRole';

export interface DashboardTexts extends Record<Word, string> {
  levels: Record<Level, string>;
  problems: Record<Problem, string>;
  cardEnds: Record<NonNullable<CardEvent['why']>, string>;
  suggestionStates: Record<SuggestionEvent['status'], string>;
  lastDays: (count: number) => string;
  searched: (calls: number) => string;
  overTime: (by: 'day' | 'week') => string;
  inAll: (by: 'day' | 'week') => string;
}

const texts: Record<Language, DashboardTexts> = { pl, de, en };

export function dashboardTexts(language: Language): DashboardTexts {
  return texts[language];
}
