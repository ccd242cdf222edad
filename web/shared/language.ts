import type { Language } from './taxonomy';

export const LANGUAGES: readonly Language[] = ['pl', 'de', 'en'];

/** The first known language among the wishes, e.g. `navigator.languages`; English if none is. */
export function pickLanguage(...wishes: (string | null | undefined)[]): Language {
  for (const wish of wishes) {
    const language = LANGUAGES.find((known) => wish?.toLowerCase().startsWith(known));
    if (language) return language;
  }
  return 'en';
}
