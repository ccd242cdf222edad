/** Web storage that may be forbidden or full: then nothing is kept and nothing breaks. */
export interface Storage {
  get(key: string): string | null;
  set(key: string, value: string): void;
  remove(key: string): void;
}

/** This tab's, across reloads. */
export const tabStorage = storageOf(() => sessionStorage);
/** All tabs' of this browser. */
export const browserStorage = storageOf(() => localStorage);

/** Already naming the area may throw. */
function storageOf(area: () => globalThis.Storage): Storage {
  const attempt = <T>(action: () => T): T | null => {
    try {
      return action();
    } catch {
      return null;
    }
  };
  return {
    get: (key) => attempt(() => area().getItem(key)),
    set: (key, value) => void attempt(() => area().setItem(key, value)),
    remove: (key) => void attempt(() => area().removeItem(key)),
  };
}
