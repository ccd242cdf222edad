import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { MetricsEvent } from '../shared/wire';
import type { DashboardTexts } from './texts';
import { duration } from './times';

const HEIGHT_PX = 190;
const WHOLE_SECONDS = [1, 5, 10, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600];
const clock = (seconds: number) => duration(seconds * 1_000);

/** Likelihood, churn risk and the seller's share of talking, in percent over the call's time. */
export function MetricsPlot({ metrics, texts }: {
  metrics: MetricsEvent[]; texts: DashboardTexts;
}) {
  const figure = useRef<HTMLElement>(null);
  const plot = useRef<uPlot | null>(null);
  const hasPoints = metrics.length > 1;
  useEffect(() => {
    if (!hasPoints || !figure.current) return undefined;
    return drawPlot(figure.current, plot, texts);
  }, [hasPoints, texts]);
  useEffect(() => plot.current?.setData(columns(metrics)), [metrics, hasPoints, texts]);
  return hasPoints ? <figure ref={figure} /> : <p class="muted">{texts.noMetrics}</p>;
}

function columns(metrics: MetricsEvent[]): uPlot.AlignedData {
  const start = metrics[0]?.at ?? 0;
  return [
    metrics.map(({ at }) => (at - start) / 1_000),
    metrics.map((point) => point.purchase_likelihood),
    metrics.map((point) => point.churn_risk),
    metrics.map((point) => point.talk_ratio * 100),
  ];
}

/** Draws, and draws again when the colour scheme changes; returns its own end. */
function drawPlot(
  figure: HTMLElement, plot: { current: uPlot | null }, texts: DashboardTexts,
): () => void {
  const create = () => {
    const data = plot.current?.data ?? [[], [], [], []];
    plot.current?.destroy();
    plot.current = new uPlot(options(figure, texts), data, figure);
  };
  const resize = new ResizeObserver(() =>
    plot.current?.setSize({ width: figure.clientWidth, height: HEIGHT_PX }),
  );
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  create();
  resize.observe(figure);
  scheme.addEventListener('change', create);
  return () => {
    resize.disconnect();
    scheme.removeEventListener('change', create);
    plot.current?.destroy();
    plot.current = null;
  };
}

function options(figure: HTMLElement, texts: DashboardTexts): uPlot.Options {
  const muted = colour(figure, '--coach-muted');
  const line = colour(figure, '--coach-line');
  const percent = (_plot: uPlot, value: number | null) =>
    value === null ? '–' : `${Math.round(value)} %`;
  const curve = { width: 2, value: percent, points: { show: false } };
  const axis = { stroke: muted, grid: { stroke: line, width: 1 }, ticks: { stroke: line } };
  return {
    width: figure.clientWidth,
    height: HEIGHT_PX,
    scales: { x: { time: false }, y: { range: [0, 100] } },
    axes: [
      { ...axis, space: 64, incrs: WHOLE_SECONDS, values: (_plot, ticks) => ticks.map(clock) },
      { ...axis, size: 44 },
    ],
    series: [
      { label: texts.length, value: (_plot, seconds) => (seconds == null ? '–' : clock(seconds)) },
      { label: texts.likelihood, stroke: colour(figure, '--coach-accent'), ...curve },
      { label: texts.churn, stroke: colour(figure, '--coach-bad'), dash: [8, 4], ...curve },
      { label: texts.talk, stroke: muted, dash: [2, 3], ...curve },
    ],
  };
}

/** A custom property as the canvas needs it: resolved for the present colour scheme. */
function colour(element: HTMLElement, property: string): string {
  element.style.setProperty('color', `var(${property})`);
  const resolved = getComputedStyle(element).color;
  element.style.removeProperty('color');
  return resolved;
}
