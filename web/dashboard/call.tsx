import { useEffect } from 'preact/hooks';
import { ArchetypeView } from '../shared/archetype';
import { useObserved } from '../shared/hooks';
import { TranscriptView } from '../shared/transcript-view';
import { CardList } from './cards';
import type { PageContext } from './main';
import { MetricsPlot } from './metrics-plot';
import { ObjectionList } from './objections';
import type { OpenedCall } from './opened-call';
import { SummaryView } from './summary';
import { WhisperBox } from './whisper-box';

export function CallPage({ context, id }: { context: PageContext; id: string }) {
  const { office, texts } = context;
  useEffect(() => office.show(id), [office, id]);
  const opened = useObserved(office.opened);
  if (!opened) return <p class="panel empty">{texts.loading}</p>;
  return <CallInFull context={context} opened={opened} />;
}

function CallInFull({ context, opened }: { context: PageContext; opened: OpenedCall }) {
  const { office, texts, words, language } = context;
  const line = useObserved(office.wall).sessions[opened.call.session];
  const { call, metrics, record } = opened;
  const isUnknown = !call.epoch && record !== 'loading' && record !== 'read';
  if (isUnknown) {
    return (
      <div class="panel empty">
        <p role="alert">{texts.problems[record]}</p>
        <p><a href="#/">{texts.live}</a> · <a href="#/history">{texts.history}</a></p>
      </div>
    );
  }
  return (
    <>
      <div class="call-head">
        <h2>{line?.seller ?? call.session}</h2>
        {line && <span class="muted">{call.session} · {line.pack} · {line.language}</span>}
        <span>{call.stage ? words.stages[call.stage.stage] : ''}</span>
        <span class="muted">
          {call.ended
            ? words.outcomes[call.outcome ?? 'none']
            : `${texts.watchers}: ${call.presence?.watchers ?? '–'}`}
        </span>
      </div>
      {call.summary && <SummaryView summary={call.summary} context={context} />}
      <div class="in-full">
        <section class="panel talk-panel">
          <h3>{texts.transcript}</h3>
          <TranscriptView call={call} words={words} label={texts.transcript} />
          {!call.ended && <WhisperBox context={context} call={call} />}
        </section>
        <div class="side">
          <section class="panel">
            <h3>{texts.objections}</h3>
            <ObjectionList objections={call.objections} texts={texts} words={words} />
          </section>
          <section class="panel box">
            <ArchetypeView archetype={call.archetype} words={words} />
          </section>
          <section class="panel">
            <h3>{texts.metrics}</h3>
            <MetricsPlot key={language} metrics={metrics} texts={texts} />
          </section>
          <section class="panel">
            <h3>{texts.cards}</h3>
            <CardList call={call} texts={texts} />
          </section>
        </div>
      </div>
    </>
  );
}
