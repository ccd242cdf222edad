import type { Words } from '../shared/texts';

/** A need is named by the signal or the archetype that showed it. */
export function kindWords(kind: string, words: Words): string {
  const known: Record<string, string> = { ...words.signals, ...words.archetypes };
  return known[kind] ?? kind;
}
