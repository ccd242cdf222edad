import type { Words } from '../shared/texts';
import type { MetricsEvent, StageEvent } from '../shared/wire';
import type { WidgetTexts } from './texts';

interface GaugesProps {
  metrics: MetricsEvent | null;
  stage: StageEvent | null;
  texts: WidgetTexts;
  words: Words;
}

export function Gauges({ metrics, stage, texts, words }: GaugesProps) {
  const share = metrics && metrics.talk_ratio * 100;
  return (
    <dl class="gauges" part="gauges">
      <Gauge label={texts.likelihood} percent={metrics?.purchase_likelihood} />
      <Gauge label={texts.churn} percent={metrics?.churn_risk} />
      <Gauge label={texts.talk} percent={share} />
      <div>
        <dt>{texts.pace}</dt>
        <dd>{metrics ? Math.round(metrics.words_per_minute) : texts.unknown}</dd>
      </div>
      <div>
        <dt>{texts.stage}</dt>
        <dd>{stage ? words.stages[stage.stage] : texts.unknown}</dd>
      </div>
    </dl>
  );
}

function Gauge({ label, percent }: { label: string; percent: number | null | undefined }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{percent == null ? '–' : `${Math.round(percent)} %`}</dd>
      <dd class="track" aria-hidden="true">
        <span style={{ inlineSize: `${percent ?? 0}%` }} />
      </dd>
    </div>
  );
}
