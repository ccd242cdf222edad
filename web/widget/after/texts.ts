import type { Language } from '../../shared/taxonomy';

const en = { ended: 'The call has ended', next: 'New call' };
type AfterTexts = typeof en;

const texts: Record<Language, AfterTexts> = {
  pl: { ended: 'Rozmowa zakończona', next: 'Nowa rozmowa' },
  de: { ended: 'Das Gespräch ist beendet', next: 'Neues Gespräch' },
  en,
};

export function afterTexts(language: Language): AfterTexts {
  return texts[language];
}
