/** Why a connection has stopped for good, by its close code; the widget fetches this only then. */
import type { Language } from './taxonomy';

export interface StopWords { again: string; stoppedBy: Record<number, string> }

const words: Record<Language, StopWords> = {
  pl: {
    again: 'Spróbuj ponownie',
    stoppedBy: { 4001: 'Wymagane logowanie', 4003: 'Brak dostępu do rozmowy', 4009: 'Otwarte w innym oknie' },
  },
  de: {
    again: 'Erneut versuchen',
    stoppedBy: {
      4001: 'Anmeldung nötig', 4003: 'Kein Zugang zu diesem Gespräch', 4009: 'In einem anderen Fenster geöffnet',
    },
  },
  en: {
    again: 'Try again',
    stoppedBy: { 4001: 'Sign-in needed', 4003: 'No access to this call', 4009: 'Open in another window' },
  },
};

export function stopWordsIn(language: Language): StopWords {
  return words[language];
}
