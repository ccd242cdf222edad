/** The widget over its page instead of in it: moved and sized by pointer or arrow keys, and it stays there. */
import { browserStorage } from '../shared/storage';

const PLACE_KEY = 'coach.place';
/** The seller's own choice; without one the page's attribute says. */
const CHOICE_KEY = 'coach.floating';
const EDGE_PX = 8;
const STEP_PX = 16;
const LEAST = { width: 280, height: 240 };

interface Place { x: number; y: number; width: number; height: number }
type Change = (dx: number, dy: number) => void;

export class Floating {
  readonly #host: HTMLElement;
  #place: Place;

  constructor(host: HTMLElement) {
    this.#host = host;
    this.#place = kept() ?? {
      x: innerWidth, y: 3 * EDGE_PX, width: 400, height: Math.min(innerHeight - 6 * EDGE_PX, 860),
    };
  }

  get isOn(): boolean {
    return this.#host.hasAttribute('floating');
  }

  toggle(): void {
    const isOn = this.#host.toggleAttribute('floating');
    browserStorage.set(CHOICE_KEY, isOn ? 'yes' : 'no');
  }

  /** Puts the widget where it was, and keeps it in sight; returns its own end. */
  enable(): () => void {
    const choice = browserStorage.get(CHOICE_KEY);
    if (choice !== null) this.#host.toggleAttribute('floating', choice === 'yes');
    const fit = () => this.#fit();
    fit();
    addEventListener('resize', fit);
    return () => removeEventListener('resize', fit);
  }

  readonly move: Change = (dx, dy) => {
    this.#place.x += dx;
    this.#place.y += dy;
    this.#fit();
  };

  readonly resize: Change = (dx, dy) => {
    this.#place.width += dx;
    this.#place.height += dy;
    this.#fit();
  };

  readonly keep = (): void => {
    browserStorage.set(PLACE_KEY, JSON.stringify(this.#place));
  };

  #fit(): void {
    const place = this.#place;
    place.width = clamp(place.width, LEAST.width, innerWidth - 2 * EDGE_PX);
    place.height = clamp(place.height, LEAST.height, innerHeight - 2 * EDGE_PX);
    place.x = clamp(place.x, EDGE_PX, innerWidth - place.width - EDGE_PX);
    place.y = clamp(place.y, EDGE_PX, innerHeight - place.height - EDGE_PX);
    for (const [name, value] of Object.entries(place)) {
      this.#host.style.setProperty(`--place-${name}`, `${value}px`);
    }
  }
}

/** A handle's listeners: dragging and arrow keys make the same change. */
export function handle(change: Change, done: () => void) {
  return {
    onPointerDown(event: PointerEvent) {
      const grip = event.currentTarget as HTMLElement;
      grip.setPointerCapture(event.pointerId);
      let [x, y] = [event.clientX, event.clientY];
      grip.onpointermove = (moved) => {
        change(moved.clientX - x, moved.clientY - y);
        [x, y] = [moved.clientX, moved.clientY];
      };
      grip.onlostpointercapture = () => {
        grip.onpointermove = null;
        done();
      };
    },
    onKeyDown(event: KeyboardEvent) {
      const step = STEP_PX * (event.shiftKey ? 4 : 1);
      const [dx, dy] = ARROWS[event.key] ?? [0, 0];
      if (dx === 0 && dy === 0) return;
      event.preventDefault();
      change(dx * step, dy * step);
      done();
    },
  };
}

const ARROWS: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
};

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(value, most));
}

function kept(): Place | null {
  try {
    const { x, y, width, height } = JSON.parse(browserStorage.get(PLACE_KEY) ?? '') as Place;
    return [x, y, width, height].every(Number.isFinite) ? { x, y, width, height } : null;
  } catch {
    return null;
  }
}
