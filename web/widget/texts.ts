/** What the widget says in one language: fetched when it is known which, so that nobody loads three. */
import type { Language } from '../shared/taxonomy';
import type { Words } from '../shared/words';
import type { WidgetTexts } from './texts-en';

export type { WidgetTexts };
export interface Spoken { texts: WidgetTexts; words: Words }

const languages: Record<Language, () => Promise<Spoken>> = {
  pl: () => import('./texts-pl'),
  de: () => import('./texts-de'),
  en: () => import('./texts-en'),
};

export function spokenIn(language: Language): Promise<Spoken> {
  return languages[language]();
}
