/** A call in full, live or as it stood at an instant of its replay. */
import { useCallback, useState } from 'preact/hooks';
import { ArchetypeView } from '../shared/archetype';
import { TranscriptView, type Target } from '../shared/transcript-view';
import { ArchetypePlot, MetricsPlot } from './call-plots';
import { CardList } from './cards';
import type { PageContext } from './main';
import { Notes } from './notes';
import { ObjectionList } from './objections';
import { lineKey, type OpenedCall } from './opened-call';
import { WhisperBox } from './whisper-box';

export function CallBody({ context, opened, isReplay = false }: {
  context: PageContext; opened: OpenedCall; isReplay?: boolean;
}) {
  const { texts, words, language } = context;
  const { call } = opened;
  const [target, setTarget] = useState<Target | null>(null);
  const jump = useCallback((line: { source: string; utterance: string }) => {
    setTarget((before) => ({ key: lineKey(line), count: (before?.count ?? 0) + 1 }));
  }, []);
  const atLine = call.transcript.find((line) => lineKey(line) === target?.key);
  return (
    <div class="in-full">
      <section class="panel talk-panel">
        <h3>{texts.transcript}</h3>
        {call.transcript.length + call.interims.length === 0 && <p class="muted">{texts.nothingSaid}</p>}
        <TranscriptView call={call} words={words} label={texts.transcript} target={target} />
        {!isReplay && <WhisperBox context={context} call={call} />}
      </section>
      <div class="side">
        <section class="panel">
          <h3>{texts.objections}</h3>
          <ObjectionList objections={call.objections} texts={texts} words={words} jump={jump} />
        </section>
        <section class="panel">
          <h3>{texts.cards}</h3>
          <CardList call={call} context={context} jump={jump} />
        </section>
        <section class="panel">
          <h3>{texts.metrics}</h3>
          <MetricsPlot key={language} context={context} opened={opened} jump={jump} />
        </section>
        <section class="panel box">
          <h3>{texts.archetypes}</h3>
          <ArchetypeView archetype={call.archetype} words={words} />
          <ArchetypePlot key={language} context={context} opened={opened} jump={jump} />
        </section>
        <section class="panel">
          <h3>{texts.notes}</h3>
          <Notes context={context} call={call} line={atLine ?? null} jump={jump} />
        </section>
      </div>
    </div>
  );
}
