import type { DashboardTexts } from './texts';

export const en: DashboardTexts = {
  title: 'Coach dashboard', live: 'Live calls', history: 'History', demo: 'Demo call',
  language: 'Language', dismiss: 'Dismiss', loading: 'Loading …',
  noCalls: 'No call is running',
  noCallsHow: 'Calls appear here by themselves. To see demo calls, start the server with',
  noHistory: 'No call has been recorded yet',
  noHistoryHow: 'A call is listed from its first line on. To play one now:',
  wantsHelp: 'Asks for help', openObjections: 'Open objections',
  likelihood: 'Purchase likelihood', churn: 'Churn risk', talk: 'Seller’s share of talking',
  nothingSaid: 'Nothing said yet', call: 'Call', seller: 'Seller', pack: 'Pack',
  started: 'Started', length: 'Length', outcome: 'Outcome', running: 'Running',
  watchers: 'Watching', transcript: 'Transcript', objections: 'Objections',
  noObjections: 'None so far', byJudge: 'judge', byInstant: 'instant', metrics: 'Figures over time',
  noMetrics: 'Figures are drawn while a call runs.', cards: 'Cards and suggestions',
  noCards: 'None so far', cardOpen: 'open', firstToken: 'first token', total: 'total',
  whisper: 'Whisper', whisperPlaceholder: 'Only the seller sees it', lastWhisper: 'Last whisper by',
  summary: 'Summary', nextStep: 'Next step', needs: 'Needs and preferences', cost: 'Model cost',
  followUp: 'Draft of a follow-up', none: 'none', signIn: 'Sign in',
  signInHow: 'This server asks for a token. Whoever runs it makes one with', token: 'Token',
  problems: {
    unauthorized: 'The server asks for a token: enter it above.',
    forbidden: 'Your role does not let you see this. Ask for a token with the role coach.',
    absent: 'The server does not know this call. It may have been erased.',
    unreachable: 'The server does not answer. Is it running? Try again in a moment.',
  },
  cardEnds: {
    retracted: 'withdrawn', handled: 'handled', superseded: 'replaced', used: 'used',
    expired: 'expired',
  },
  suggestionStates: {
    started: 'writing', done: 'complete', cancelled: 'stopped', superseded: 'replaced',
    failed: 'failed', truncated: 'cut off', expired: 'too late',
  },
};
