/** A model's text as it grows on its card. */
import type { SuggestionEvent, TokenEvent } from './wire';

export interface Suggestion {
  card: string;
  status: SuggestionEvent['status'];
  text: string;
  model: string;
  timing: SuggestionEvent['timing'];
  usage: SuggestionEvent['usage'];
}

export function suggestionOf(event: SuggestionEvent, text: string): Suggestion {
  const { card, status, model, timing, usage } = event;
  return { card, status, text, model, timing, usage };
}

/** Running on `card`, known by its text alone. */
export function running(card: string, text: string, known?: Suggestion): Suggestion {
  return { card, model: '', timing: {}, usage: {}, ...known, status: 'started', text };
}

/** Pieces fit by `start`: one that we have changes nothing, one after a hole waits for the end. */
export function addToken(known: Suggestion | undefined, token: TokenEvent): Suggestion {
  const suggestion = known ?? running(token.card, '');
  const length = suggestion.text.length;
  const isFitting = token.start <= length && token.start + token.text.length > length;
  if (suggestion.status !== 'started' || !isFitting) return suggestion;
  return { ...suggestion, text: suggestion.text.slice(0, token.start) + token.text };
}
