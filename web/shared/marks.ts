/** Where in an utterance the customer's objections were said. */
import type { ObjectionEvent, TranscriptEvent } from './wire';

export interface Piece { text: string; objection: ObjectionEvent | null }

export function raisedIn(objections: ObjectionEvent[], line: TranscriptEvent): ObjectionEvent[] {
  return objections.filter(
    (objection) =>
      objection.utterance === line.utterance &&
      (objection.source === undefined || objection.source === line.source),
  );
}

/** The text in pieces, in order; retracted quotes stay plain, an overlapping quote is left out. */
export function markQuotes(text: string, objections: ObjectionEvent[]): Piece[] {
  const found = objections
    .filter((objection) => objection.status !== 'retracted' && objection.quote !== '')
    .map((objection) => ({ objection, start: find(text, objection.quote) }))
    .filter(({ start }) => start >= 0)
    .sort((a, b) => a.start - b.start);
  const pieces: Piece[] = [];
  let end = 0;
  for (const { objection, start } of found) {
    if (start < end) continue;
    if (start > end) pieces.push({ text: text.slice(end, start), objection: null });
    end = start + objection.quote.length;
    pieces.push({ text: text.slice(start, end), objection });
  }
  if (end < text.length) pieces.push({ text: text.slice(end), objection: null });
  return pieces;
}

function find(text: string, quote: string): number {
  const exact = text.indexOf(quote);
  return exact >= 0 ? exact : text.toLowerCase().indexOf(quote.toLowerCase());
}
