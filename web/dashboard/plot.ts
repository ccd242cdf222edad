/** uPlot as this page uses it: it follows the colour scheme and the width, tells where the reader points, and takes keys. */
import uPlot from 'uplot';

export interface PlotOptions {
  height: number;
  /** Made anew whenever the colours change. */
  options: (colour: (property: string) => string) => Omit<uPlot.Options, 'width' | 'height'>;
  /** Index of the point that the reader points at, or null. */
  pointed?: (index: number | null) => void;
  /** The reader wants to go to this point. */
  chosen?: (index: number) => void;
}

const KEYS: Record<string, (index: number, last: number) => number> = {
  ArrowLeft: (index) => index - 1,
  ArrowRight: (index) => index + 1,
  PageUp: (index) => index - 10,
  PageDown: (index) => index + 10,
  Home: () => 0,
  End: (_index, last) => last,
};

export class Plot {
  readonly #figure: HTMLElement;
  readonly #options: PlotOptions;
  readonly #ends: (() => void)[] = [];
  #plot: uPlot | null = null;
  #data: uPlot.AlignedData = [[]];
  #index: number | null = null;

  constructor(figure: HTMLElement, options: PlotOptions) {
    this.#figure = figure;
    this.#options = options;
  }

  /** Returns its own end. */
  enable(): () => void {
    this.#create();
    const resize = new ResizeObserver(() => this.#resize());
    resize.observe(this.#figure);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const create = () => this.#create();
    const onKey = (event: KeyboardEvent) => this.#key(event);
    scheme.addEventListener('change', create);
    this.#figure.addEventListener('keydown', onKey);
    this.#ends.push(
      () => resize.disconnect(),
      () => scheme.removeEventListener('change', create),
      () => this.#figure.removeEventListener('keydown', onKey),
    );
    return () => {
      for (const end of this.#ends.splice(0)) end();
      this.#plot?.destroy();
      this.#plot = null;
    };
  }

  set data(data: uPlot.AlignedData) {
    this.#data = data;
    this.#plot?.setData(data);
  }

  #create(): void {
    this.#plot?.destroy();
    const { height, options } = this.#options;
    const made = options((property) => colourOf(this.#figure, property));
    this.#plot = new uPlot(
      {
        ...made,
        width: this.#figure.clientWidth,
        height,
        cursor: { y: false, drag: { x: false, y: false }, ...made.cursor },
        hooks: {
          ...made.hooks,
          setCursor: [({ cursor }) => this.#pointedAt(cursor.idx ?? null)],
          ready: [({ over }) => over.addEventListener('click', () => this.#choose())],
        },
      },
      this.#data,
      this.#figure,
    );
  }

  #resize(): void {
    const { clientWidth } = this.#figure;
    if (this.#plot && clientWidth !== this.#plot.width) {
      this.#plot.setSize({ width: clientWidth, height: this.#options.height });
    }
  }

  #pointedAt(index: number | null): void {
    if (index === this.#index) return;
    this.#index = index;
    this.#options.pointed?.(index);
  }

  #choose(): void {
    if (this.#index !== null) this.#options.chosen?.(this.#index);
  }

  #key(event: KeyboardEvent): void {
    if (event.key === 'Enter') return this.#choose();
    const step = KEYS[event.key];
    const plot = this.#plot;
    const last = (this.#data[0]?.length ?? 0) - 1;
    if (!step || !plot || last < 0) return;
    event.preventDefault();
    const index = Math.min(last, Math.max(0, step(this.#index ?? last + 1, last)));
    const x = this.#data[0]?.[index] ?? 0;
    plot.setCursor({ left: plot.valToPos(x, 'x'), top: 0 });
  }
}

/** A custom property as the canvas needs it: resolved for the present colour scheme. */
function colourOf(element: HTMLElement, property: string): string {
  element.style.setProperty('color', `var(${property})`);
  const resolved = getComputedStyle(element).color;
  element.style.removeProperty('color');
  return resolved;
}
