/** How a call's pack and language are called in the reader's language. Pure. */
import type { Language } from '../shared/taxonomy';

/** A pack is known by its id alone: `network_marketing` reads `Network marketing` and `ev` `EV`. */
export function packName(id: string): string {
  const words = id.replaceAll(/[_-]+/g, ' ').trim();
  return words.length <= 3 ? words.toUpperCase() : words.charAt(0).toUpperCase() + words.slice(1);
}

/** A language in the reader's own; `auto` is decided line by line. */
export function languageName(code: string, reader: Language): string {
  if (code === 'auto') return 'Auto';
  const name = new Intl.DisplayNames([reader], { type: 'language' }).of(code) ?? code;
  return name.charAt(0).toLocaleUpperCase(reader) + name.slice(1);
}

export function packAndLanguage(
  { pack, language }: { pack: string; language: Language | 'auto' }, reader: Language,
): string {
  return `${packName(pack)} · ${languageName(language, reader)}`;
}
