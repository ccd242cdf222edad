import type { Words } from './words';

export const words: Words = {
  categories: {
    price: 'Preis', timing: 'Zeitpunkt', need: 'Bedarf', authority: 'Entscheider',
    trust: 'Vertrauen', competition: 'Wettbewerb', product_fit: 'Eignung', stall: 'Aufschieben',
  },
  signals: {
    price_inquiry: 'Fragt nach dem Preis', financing: 'Finanzierung', trial: 'Will ausprobieren',
    timeline: 'Fragt nach dem Termin', configuration: 'Wählt Optionen',
    ownership_language: 'Spricht wie ein Besitzer', next_step: 'Nächster Schritt',
    social_proof: 'Referenzen', agreement: 'Stimmt zu',
  },
  archetypes: {
    achiever: 'Erfolgsmensch', analyst: 'Analytiker', idealist: 'Idealist', guardian: 'Beschützer',
    enthusiast: 'Enthusiast', innovator: 'Innovator', economizer: 'Sparsamer', sceptic: 'Skeptiker',
  },
  stages: {
    opening: 'Eröffnung', discovery: 'Bedarf klären', presentation: 'Präsentation',
    objection_handling: 'Einwände', closing: 'Abschluss', wrap_up: 'Ausklang',
  },
  outcomes: {
    won: 'Gewonnen', next_step: 'Nächster Schritt vereinbart', lost: 'Verloren', none: 'Ohne Ergebnis',
  },
  connection: {
    connecting: 'Verbindung wird aufgebaut …', live: 'Live',
    offline: 'Offline, nichts geht verloren', stopped: 'Angehalten',
  },
  customer: 'Kundentyp',
  notSure: 'Noch nicht sicher',
  evidence: 'Was gesagt wurde',
};
