import { useCallback, useEffect, useState } from 'preact/hooks';
import { useObserved } from '../shared/hooks';
import { CallBody } from './call-body';
import type { PageContext } from './main';
import { packAndLanguage } from './names';
import type { OpenedCall } from './opened-call';
import { ReplayPage } from './replay-page';
import { SummaryPage } from './summary';
import { dateAndTime, duration, Elapsed } from './times';
import { STAGES } from './lists';

export function CallPage({ context, id }: { context: PageContext; id: string }) {
  const { office, texts } = context;
  useEffect(() => office.show(id), [office, id]);
  const opened = useObserved(office.opened);
  if (opened?.call.session !== id) return <p class="panel empty">{texts.loading}</p>;
  const { call, record } = opened;
  if (!call.epoch && record !== 'loading' && record !== 'read') {
    return (
      <div class="panel empty">
        <p role="alert">{texts.problems[record]}</p>
        <p><a href="#/">{texts.live}</a> · <a href="#/history">{texts.history}</a></p>
      </div>
    );
  }
  return call.ended
    ? <EndedCall context={context} opened={opened} />
    : (
      <>
        <CallHead context={context} opened={opened} />
        <CallBody context={context} opened={opened} />
      </>
    );
}

type View = 'summary' | 'replay';

/** First what came out of it; the whole of it behind the second tab. */
function EndedCall({ context, opened }: { context: PageContext; opened: OpenedCall }) {
  const { texts } = context;
  const [view, setView] = useState<View>('summary');
  const show = useCallback((next: View) => () => setView(next), []);
  return (
    <>
      <CallHead context={context} opened={opened} />
      <div class="switch views" role="group" aria-label={texts.call}>
        <button type="button" aria-pressed={view === 'summary'} onClick={show('summary')}>{texts.summary}</button>
        <button type="button" aria-pressed={view === 'replay'} onClick={show('replay')}>{texts.replay}</button>
      </div>
      {view === 'summary'
        ? <SummaryPage context={context} opened={opened} />
        : <ReplayPage context={context} opened={opened} />}
    </>
  );
}

function CallHead({ context, opened: { call } }: { context: PageContext; opened: OpenedCall }) {
  const { office, texts, words, language } = context;
  const row = useObserved(office.row);
  const line = useObserved(office.wall).sessions[call.session];
  const known = line ?? row;
  const ended = row?.ended_at ?? null;
  return (
    <div class="call-head">
      <h2>{known?.seller || call.session}</h2>
      {call.ended
        ? <span class={`badge ${call.outcome ?? 'none'}`}>{words.outcomes[call.outcome ?? 'none']}</span>
        : <StageSteps context={context} stage={call.stage?.stage ?? null} />}
      <span class="muted">
        {known && `${packAndLanguage(known, language)} · `}
        {row && call.ended && `${dateAndTime(row.started_at, language)} · `}
        {row && ended !== null && call.ended && `${duration(ended - row.started_at)} · `}
        {known && !call.ended && <><Elapsed since={known.started_at} skew={office.skew} /> · </>}
        {!call.ended && `${texts.watchers}: ${call.presence?.watchers ?? '–'} · `}
        <span class="id">{call.session}</span>
      </span>
    </div>
  );
}

function StageSteps({ context: { words, texts }, stage }: {
  context: PageContext; stage: (typeof STAGES)[number] | null;
}) {
  const place = stage === null ? -1 : STAGES.indexOf(stage);
  return (
    <ol class="stages" aria-label={texts.stage}>
      {STAGES.map((id, index) => (
        <li key={id} class={index < place ? 'past' : ''} aria-current={index === place ? 'step' : undefined}>
          {words.stages[id]}
        </li>
      ))}
    </ol>
  );
}
