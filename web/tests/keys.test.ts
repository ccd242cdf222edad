import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { focusedLetter, shortcutLetter } from '../widget/keys';

class Field { isContentEditable = false; type = 'text' }

function press(code: string, held: string[] = [], target: object = {}): KeyboardEvent {
  const modifiers = Object.fromEntries(
    ['alt', 'ctrl', 'meta', 'shift'].map((name) => [`${name}Key`, held.includes(name)]),
  );
  return {
    code, key: code.replace('Key', '').toLowerCase(), composedPath: () => [target], ...modifiers,
  } as unknown as KeyboardEvent;
}

beforeEach(() => {
  for (const name of ['HTMLElement', 'HTMLInputElement', 'HTMLTextAreaElement', 'HTMLSelectElement']) {
    vi.stubGlobal(name, Field);
  }
});
afterEach(() => vi.unstubAllGlobals());

describe('a shortcut', () => {
  it('is a letter with exactly its modifiers, wherever the key writes something else', () => {
    const event = Object.assign(press('KeyN', ['alt', 'shift']), { key: 'Ń' });
    expect(shortcutLetter(event, 'alt+shift')).toBe('N');
    expect(shortcutLetter(event, 'alt')).toBeNull();
    expect(shortcutLetter(press('KeyN', ['alt', 'ctrl']), 'alt')).toBeNull();
  });

  it('never takes a letter from somebody who writes', () => {
    expect(shortcutLetter(press('KeyN', ['alt'], new Field()), 'alt')).toBeNull();
    expect(focusedLetter(press('KeyN', [], new Field()))).toBeNull();
  });

  it('needs more than Shift', () => {
    expect(shortcutLetter(press('KeyU', ['shift']), 'shift')).toBeNull();
    expect(shortcutLetter(press('KeyU'), 'yes')).toBeNull();
  });
});

it('with focus a plain letter is enough, and a letter with a modifier is the browser’s', () => {
  expect(focusedLetter(press('KeyU'))).toBe('U');
  expect(focusedLetter(press('KeyU', ['shift']))).toBe('U');
  expect(focusedLetter(press('KeyU', ['ctrl']))).toBeNull();
});
