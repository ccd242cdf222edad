const WIDTH = 120;
const HEIGHT = 32;
const MARGIN = 2;

/** Values 0–100, oldest first. The figure beside it says the newest in words. */
export function Sparkline({ values }: { values: number[] }) {
  const step = (WIDTH - 2 * MARGIN) / Math.max(1, values.length - 1);
  const points = values.map((value, index) => {
    const y = HEIGHT - MARGIN - (value / 100) * (HEIGHT - 2 * MARGIN);
    return `${(MARGIN + index * step).toFixed(1)},${y.toFixed(1)}`;
  });
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true"
      preserveAspectRatio="none">
      <line x1="0" x2={WIDTH} y1={HEIGHT / 2} y2={HEIGHT / 2} />
      {points.length > 1 && <polyline points={points.join(' ')} />}
    </svg>
  );
}
