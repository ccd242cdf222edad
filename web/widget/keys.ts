/** Which key was meant for the widget. Keys never take a letter from someone who writes. */

/** Used, not useful, facts, whisper put away; the other one speaks, pause. */
export const LETTERS = 'UNFWSP';

/** Whether the event's key goes into a field of the page or of the widget. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target instanceof HTMLTextAreaElement ||
      target instanceof HTMLSelectElement ||
      (target instanceof HTMLInputElement && target.type !== 'radio'))
  );
}

const MODIFIERS = ['alt', 'ctrl', 'meta', 'shift'] as const;

/** The letter of a shortcut with exactly these modifiers, e.g. `alt+shift`; without one none is. */
export function shortcutLetter(event: KeyboardEvent, modifiers: string): string | null {
  const wanted = modifiers.toLowerCase().split('+').map((name) => name.trim());
  const isExact = MODIFIERS.every((name) => event[`${name}Key`] === wanted.includes(name));
  const hasOne = wanted.some((name) => name === 'alt' || name === 'ctrl' || name === 'meta');
  if (!isExact || !hasOne || isTyping(event)) return null;
  // With Alt the key makes another sign on some systems; its place says which letter it is.
  return /^Key([A-Z])$/.exec(event.code)?.[1] ?? null;
}

/** The letter pressed while the widget has focus. */
export function focusedLetter(event: KeyboardEvent): string | null {
  if (event.altKey || event.ctrlKey || event.metaKey || isTyping(event)) return null;
  return /^[a-z]$/i.test(event.key) ? event.key.toUpperCase() : null;
}
