import type { Language } from '../shared/taxonomy';
import type { CardEvent, SuggestionEvent } from '../shared/wire';
import type { Problem } from './api';
import { de } from './texts-de';
import { en } from './texts-en';
import { pl } from './texts-pl';

export interface DashboardTexts {
  title: string; live: string; history: string; demo: string; language: string; dismiss: string;
  loading: string; noCalls: string; noCallsHow: string; noHistory: string; noHistoryHow: string;
  wantsHelp: string; openObjections: string; likelihood: string; churn: string; talk: string;
  nothingSaid: string; call: string; seller: string; pack: string; started: string; length: string;
  outcome: string; running: string; watchers: string; transcript: string; objections: string;
  noObjections: string; byJudge: string; byInstant: string; metrics: string; noMetrics: string;
  cards: string; noCards: string; cardOpen: string; firstToken: string; total: string;
  whisper: string; whisperPlaceholder: string; lastWhisper: string; summary: string;
  nextStep: string; needs: string; cost: string; followUp: string; none: string; signIn: string;
  signInHow: string; token: string;
  problems: Record<Problem, string>;
  cardEnds: Record<NonNullable<CardEvent['why']>, string>;
  suggestionStates: Record<SuggestionEvent['status'], string>;
}

const texts: Record<Language, DashboardTexts> = { pl, de, en };

export function dashboardTexts(language: Language): DashboardTexts {
  return texts[language];
}
