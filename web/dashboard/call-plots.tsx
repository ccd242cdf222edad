/** A call over time: what drives the customer as a stacked area, and its figures as curves. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { ARCHETYPES } from './lists';
import type { TranscriptEvent } from '../shared/wire';
import type { PageContext } from './main';
import { lineAt, type OpenedCall } from './opened-call';
import { Plot, type PlotOptions } from './plot';
import { archetypeColumns, metricColumns, sharesAt } from './plot-data';
import { duration } from './times';

const METRICS_PX = 180;
const ARCHETYPES_PX = 150;
const WHOLE_SECONDS = [1, 5, 10, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600];
const AXIS_PX = 52;
const CLOCK_PX = 32;
const clock = (seconds: number) => duration(seconds * 1_000);

interface PlotProps {
  context: PageContext;
  opened: OpenedCall;
  /** Goes to a line of the transcript. */
  jump: (line: TranscriptEvent) => void;
}

/** Likelihood, churn risk and the seller's share of talking, in percent over the call's time. */
export function MetricsPlot({ context, opened, jump }: PlotProps) {
  const { texts } = context;
  const { metrics, startedAt } = opened;
  const data = useMemo(() => metricColumns(metrics, startedAt ?? 0), [metrics, startedAt]);
  const [pointed, figure] = usePlot(data, texts.metrics, {
    height: METRICS_PX,
    options: (colour) => ({
      ...frame(colour),
      legend: { show: false },
      series: [
        {},
        { stroke: colour('--coach-accent'), width: 2.5, points: { show: false } },
        { stroke: colour('--coach-bad'), width: 2, dash: [8, 4], points: { show: false } },
        { stroke: colour('--coach-muted'), width: 2, dash: [2, 3], points: { show: false } },
      ],
    }),
    chosen: (index) => {
      const line = lineAt(opened.call.transcript, metrics[index]?.at ?? 0);
      if (line) jump(line);
    },
  });
  if (metrics.length < 2) return <p class="muted">{texts.noMetrics}</p>;
  const shown = metrics[pointed ?? metrics.length - 1];
  const value = (share: number | undefined) => (share === undefined ? '–' : `${Math.round(share)} %`);
  return (
    <>
      <ul class="legend">
        <li class="likelihood-key">{texts.likelihood} <b>{value(shown?.purchase_likelihood)}</b></li>
        <li class="churn-key">{texts.churn} <b>{value(shown?.churn_risk)}</b></li>
        <li class="talk-key">{texts.talk} <b>{value(shown && shown.talk_ratio * 100)}</b></li>
      </ul>
      {figure}
      <Said context={context} opened={opened} at={pointed === null ? null : shown?.at ?? null} />
    </>
  );
}

/** The eight shares, one above the other; the newest or the pointed one in words. */
export function ArchetypePlot({ context, opened, jump }: PlotProps) {
  const { texts, words } = context;
  const { archetypes, startedAt } = opened;
  const end = Math.max(opened.metrics.at(-1)?.at ?? 0, opened.call.transcript.at(-1)?.at ?? 0);
  const data = useMemo(
    () => archetypeColumns(archetypes, startedAt ?? 0, end), [archetypes, startedAt, end],
  );
  const at = (index: number) => archetypes[Math.min(index, archetypes.length - 1)];
  const [pointed, figure] = usePlot(data, texts.archetypes, {
    height: ARCHETYPES_PX,
    options: (colour) => ({
      ...frame(colour),
      legend: { show: false },
      series: [
        {},
        ...ARCHETYPES.map((id) => ({
          fill: colour(`--archetype-${id}`), stroke: colour('--coach-panel'), width: 1,
          points: { show: false },
        })),
      ],
    }),
    chosen: (index) => {
      const line = lineAt(opened.call.transcript, at(index)?.at ?? 0);
      if (line) jump(line);
    },
  });
  if (archetypes.length < 2) return null;
  const shown = at(pointed ?? archetypes.length - 1);
  return (
    <>
      <ul class="legend">
        {shown && sharesAt(shown).map(({ id, p }) => (
          <li key={id} class="area-key" style={{ '--key': `var(--archetype-${id})` }}>
            {words.archetypes[id]} <b>{Math.round(p * 100)} %</b>
          </li>
        ))}
      </ul>
      {figure}
      <Said context={context} opened={opened} at={pointed === null ? null : shown?.at ?? null} />
    </>
  );
}

/** What was said at the instant that the reader points at. */
function Said({ context, opened, at }: {
  context: PageContext; opened: OpenedCall; at: number | null;
}) {
  const { texts, words } = context;
  const line = at === null ? null : lineAt(opened.call.transcript, at);
  return (
    <p class="said muted" aria-live="polite">
      {line && at !== null
        ? `${duration(at - (opened.startedAt ?? at))} ${words.speakers[line.speaker]}: “${line.text}”`
        : texts.plotHow}
    </p>
  );
}

/** Axes: played time along, percent up. */
function frame(colour: (property: string) => string): Omit<uPlot.Options, 'width' | 'height' | 'series'> {
  const line = colour('--coach-line');
  const axis = {
    stroke: colour('--coach-muted'), grid: { stroke: line, width: 1 }, ticks: { stroke: line },
  };
  return {
    scales: { x: { time: false, range: (_plot, _low, high) => [0, Math.max(1, high)] }, y: { range: [0, 100] } },
    axes: [
      { ...axis, size: CLOCK_PX, space: 64, incrs: WHOLE_SECONDS, values: (_plot, ticks) => ticks.map(clock) },
      { ...axis, size: AXIS_PX, values: (_plot, ticks) => ticks.map((tick) => `${tick} %`) },
    ],
  };
}

function usePlot(data: uPlot.AlignedData, label: string, given: Omit<PlotOptions, 'pointed'>) {
  const figure = useRef<HTMLElement>(null);
  const plot = useRef<Plot | null>(null);
  const newest = useRef(given);
  newest.current = given;
  const [pointed, setPointed] = useState<number | null>(null);
  const isDrawn = (data[0]?.length ?? 0) > 1;
  useEffect(() => {
    if (!isDrawn || !figure.current) return undefined;
    plot.current = new Plot(figure.current, {
      ...given,
      pointed: setPointed,
      chosen: (index) => newest.current.chosen?.(index),
    });
    plot.current.data = data;
    return plot.current.enable();
  }, [isDrawn]);
  useEffect(() => {
    if (plot.current) plot.current.data = data;
  }, [data]);
  const element = <figure ref={figure} class="plot" role="group" aria-label={label} tabIndex={0} />;
  return [pointed, element] as const;
}
