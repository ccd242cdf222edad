/** sessionStorage that may be forbidden or full: then nothing is kept and nothing breaks. */
export interface Storage {
  get(key: string): string | null;
  set(key: string, value: string): void;
  remove(key: string): void;
}

export const tabStorage: Storage = {
  get(key) {
    try {
      return sessionStorage.getItem(key);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      sessionStorage.setItem(key, value);
    } catch {
      // Kept in memory only.
    }
  },
  remove(key) {
    try {
      sessionStorage.removeItem(key);
    } catch {
      // There was nothing to forget.
    }
  },
};
