/** The shared words in all languages, for pages that switch between them. */
import { LANGUAGES, pickLanguage } from './language';
import type { Language } from './taxonomy';
import type { Words } from './words';
import { words as de } from './words-de';
import { words as en } from './words-en';
import { words as pl } from './words-pl';

export { LANGUAGES, pickLanguage, type Words };

const words: Record<Language, Words> = { pl, de, en };

export function wordsIn(language: Language): Words {
  return words[language];
}
