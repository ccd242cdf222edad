/** Words that a page needs beside the widget's: who speaks, and an objection's fate. */
import { stopWordsIn, type StopWords } from './stop-words';
import type { Language, Speaker } from './taxonomy';
import { wordsIn, type Words } from './texts';
import type { ObjectionEvent } from './wire';

interface Spoken {
  speakers: Record<Speaker, string>;
  statuses: Record<ObjectionEvent['status'], string>;
}
export type PageWords = Words & Spoken & StopWords;

const spoken: Record<Language, Spoken> = {
  en: {
    speakers: { client: 'Customer', seller: 'Seller' },
    statuses: {
      provisional: 'provisional', confirmed: 'confirmed', retracted: 'retracted', handled: 'handled',
    },
  },
  de: {
    speakers: { client: 'Kunde', seller: 'Verkauf' },
    statuses: {
      provisional: 'vorläufig', confirmed: 'bestätigt', retracted: 'zurückgenommen',
      handled: 'beantwortet',
    },
  },
  pl: {
    speakers: { client: 'Klient', seller: 'Sprzedawca' },
    statuses: {
      provisional: 'wstępna', confirmed: 'potwierdzona', retracted: 'wycofana', handled: 'załatwiona',
    },
  },
};

export function pageWordsIn(language: Language): PageWords {
  return { ...wordsIn(language), ...spoken[language], ...stopWordsIn(language) };
}
