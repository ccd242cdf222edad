/** Words that the pages and the widget share: the taxonomy's names and the state of the connection. */
import type { ArchetypeId, Category, Language, Outcome, SignalKind, Stage } from './taxonomy';

export const LANGUAGES: readonly Language[] = ['pl', 'de', 'en'];

export interface Words {
  categories: Record<Category, string>;
  signals: Record<SignalKind, string>;
  archetypes: Record<ArchetypeId, string>;
  stages: Record<Stage, string>;
  outcomes: Record<Outcome | 'none', string>;
  connection: {
    connecting: string;
    live: string;
    offline: string;
    stopped: string;
    unauthorized: string;
    forbidden: string;
    replaced: string;
  };
  again: string;
  customer: string;
  notSure: string;
  evidence: string;
}

const en: Words = {
  categories: {
    price: 'Price', timing: 'Timing', need: 'Need', authority: 'Authority', trust: 'Trust',
    competition: 'Competition', product_fit: 'Product fit', stall: 'Stalling',
  },
  signals: {
    price_inquiry: 'Asks the price', financing: 'Financing', trial: 'Wants to try it',
    timeline: 'Asks when', configuration: 'Picks options', ownership_language: 'Talks as an owner',
    next_step: 'Next step', social_proof: 'References', agreement: 'Agrees',
  },
  archetypes: {
    achiever: 'Achiever', analyst: 'Analyst', idealist: 'Idealist', guardian: 'Guardian',
    enthusiast: 'Enthusiast', innovator: 'Innovator', economizer: 'Economizer', sceptic: 'Sceptic',
  },
  stages: {
    opening: 'Opening', discovery: 'Discovery', presentation: 'Presentation',
    objection_handling: 'Objections', closing: 'Closing', wrap_up: 'Wrap-up',
  },
  outcomes: { won: 'Won', next_step: 'Next step agreed', lost: 'Lost', none: 'No outcome' },
  connection: {
    connecting: 'Connecting …', live: 'Live', offline: 'Offline, nothing is lost',
    stopped: 'Stopped', unauthorized: 'Sign-in needed', forbidden: 'No access to this call',
    replaced: 'Open in another window',
  },
  again: 'Try again',
  customer: 'Customer type',
  notSure: 'Not sure yet',
  evidence: 'What was said',
};

const de: Words = {
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
    unauthorized: 'Anmeldung nötig', forbidden: 'Kein Zugang zu diesem Gespräch',
    replaced: 'In einem anderen Fenster geöffnet',
  },
  again: 'Erneut versuchen',
  customer: 'Kundentyp',
  notSure: 'Noch nicht sicher',
  evidence: 'Was gesagt wurde',
};

const pl: Words = {
  categories: {
    price: 'Cena', timing: 'Termin', need: 'Potrzeba', authority: 'Decydent', trust: 'Zaufanie',
    competition: 'Konkurencja', product_fit: 'Dopasowanie', stall: 'Odkładanie',
  },
  signals: {
    price_inquiry: 'Pyta o cenę', financing: 'Finansowanie', trial: 'Chce wypróbować',
    timeline: 'Pyta o termin', configuration: 'Wybiera opcje',
    ownership_language: 'Mówi jak właściciel', next_step: 'Następny krok',
    social_proof: 'Referencje', agreement: 'Zgadza się',
  },
  archetypes: {
    achiever: 'Zdobywca', analyst: 'Analityk', idealist: 'Idealista', guardian: 'Opiekun',
    enthusiast: 'Entuzjasta', innovator: 'Innowator', economizer: 'Oszczędny', sceptic: 'Sceptyk',
  },
  stages: {
    opening: 'Otwarcie', discovery: 'Badanie potrzeb', presentation: 'Prezentacja',
    objection_handling: 'Obiekcje', closing: 'Finalizacja', wrap_up: 'Zakończenie',
  },
  outcomes: {
    won: 'Wygrana', next_step: 'Ustalony następny krok', lost: 'Przegrana', none: 'Bez wyniku',
  },
  connection: {
    connecting: 'Łączenie …', live: 'Na żywo', offline: 'Offline, nic nie przepadnie',
    stopped: 'Zatrzymano', unauthorized: 'Wymagane logowanie', forbidden: 'Brak dostępu do rozmowy',
    replaced: 'Otwarte w innym oknie',
  },
  again: 'Spróbuj ponownie',
  customer: 'Typ klienta',
  notSure: 'Jeszcze niepewne',
  evidence: 'Co zostało powiedziane',
};

const words: Record<Language, Words> = { pl, de, en };

export function wordsIn(language: Language): Words {
  return words[language];
}

/** The first known language among the wishes, e.g. `navigator.languages`; English if none is. */
export function pickLanguage(...wishes: (string | null | undefined)[]): Language {
  for (const wish of wishes) {
    const language = LANGUAGES.find((known) => wish?.toLowerCase().startsWith(known));
    if (language) return language;
  }
  return 'en';
}
