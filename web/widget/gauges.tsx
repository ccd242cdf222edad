import type { Words } from '../shared/words';
import type { MetricsEvent, Stage, StageEvent } from '../shared/wire';
import type { WidgetTexts } from './texts';

/** From here on the server's nudges speak of too much; see docs/metrics.md. */
const TALK_RATIO_HIGH = 0.65;
const PACE_HIGH = 180;
const PACE_MOST = 240;

interface GaugesProps {
  metrics: MetricsEvent | null;
  stage: StageEvent | null;
  texts: WidgetTexts;
  words: Words;
}

export function Gauges({ metrics, stage, texts, words }: GaugesProps) {
  return (
    <dl class="gauges" part="gauges">
      <div class="stage">
        <dt>{texts.stage}</dt>
        <dd>{stage ? words.stages[stage.stage] : '–'}</dd>
        <dd class="steps" aria-hidden="true">
          {(Object.keys(words.stages) as Stage[]).map((name) => (
            <span key={name} class={name === stage?.stage ? 'here' : ''} />
          ))}
        </dd>
      </div>
      <Gauge label={texts.talk} value={metrics?.talk_ratio} most={1} high={TALK_RATIO_HIGH}
        texts={texts} show={percent} />
      <Gauge label={texts.pace} value={metrics?.words_per_minute} most={PACE_MOST} high={PACE_HIGH}
        texts={texts} show={(pace) => `${Math.round(pace)}`} />
      <Gauge label={texts.likelihood} value={metrics && metrics.purchase_likelihood / 100} most={1}
        texts={texts} show={percent} />
      <Gauge label={texts.churn} value={metrics && metrics.churn_risk / 100} most={1}
        texts={texts} show={percent} />
    </dl>
  );
}

interface GaugeProps {
  label: string;
  value: number | null | undefined;
  most: number;
  /** Marked on the bar; a value above it is said to be too much. */
  high?: number;
  texts: WidgetTexts;
  show: (value: number) => string;
}

function Gauge({ label, value, most, high, texts, show }: GaugeProps) {
  const isOver = value != null && high !== undefined && value > high;
  const width = (part: number) => `${Math.min(1, part / most) * 100}%`;
  return (
    <div class={isOver ? 'over' : ''}>
      <dt>{label}</dt>
      <dd>
        {value == null ? '–' : show(value)}
        {isOver && <span role="img" aria-label={texts.over}> ▲</span>}
      </dd>
      <dd class="track" aria-hidden="true">
        <span style={{ inlineSize: width(value ?? 0) }} />
        {high !== undefined && <i style={{ insetInlineStart: width(high) }} />}
      </dd>
    </div>
  );
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
