/** A value that views follow; changes within one frame are told once. */
export class Observed<T> {
  #value: T;
  readonly #listeners = new Set<() => void>();
  #isTold = true;

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set value(value: T) {
    if (value === this.#value) return;
    this.#value = value;
    if (!this.#isTold) return;
    this.#isTold = false;
    if (document.hidden) setTimeout(() => this.#tell(), 50);
    else requestAnimationFrame(() => this.#tell());
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(): void {
    this.#isTold = true;
    for (const listener of this.#listeners) listener();
  }
}
