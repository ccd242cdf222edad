/** A recorded call, played again: everything appears as it did. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { categoryColour } from '../shared/colours';
import { useObserved } from '../shared/hooks';
import { CallBody } from './call-body';
import type { PageContext } from './main';
import type { OpenedCall } from './opened-call';
import { Player, recordingOf, type Recording } from './replay';
import { duration } from './times';

const SPEEDS = [1, 2, 4] as const;
const STEP_MS = 5_000;
/** The view follows this often; more would only cost. */
const FRAME_MS = 80;

export function ReplayPage({ context, opened }: { context: PageContext; opened: OpenedCall }) {
  const { office, texts } = context;
  const record = useObserved(office.record);
  const { metrics } = opened;
  const { session } = opened.call;
  const player = useMemo(
    () => record && new Player(recordingOf(session, record, metrics)), [record, metrics, session],
  );
  if (!player) return <p class="panel empty">{texts.loading}</p>;
  return <Playing context={context} player={player} />;
}

function Playing({ context, player }: { context: PageContext; player: Player }) {
  const { recording } = player;
  // At its end, all of the call is there to be read.
  const [ms, setMs] = useState(recording.lengthMs);
  const [isPlaying, setPlaying] = useState(false);
  const [speed, setSpeed] = useState<number>(1);
  useClock(isPlaying, speed, (passed) => setMs((before) => Math.min(recording.lengthMs, before + passed)));
  useEffect(() => {
    if (ms >= recording.lengthMs) setPlaying(false);
  }, [ms, recording]);
  const play = () => {
    if (!isPlaying && ms >= recording.lengthMs) setMs(0);
    setPlaying(!isPlaying);
  };
  const now = player.at(ms);
  const body = useMemo(() => <CallBody context={context} opened={now} isReplay />, [context, now]);
  return (
    <>
      <Controls context={context} recording={recording} ms={ms} seek={setMs} isPlaying={isPlaying} play={play}
        speed={speed} setSpeed={setSpeed} />
      {body}
    </>
  );
}

/** Calls back with the played time that has passed since the last call, while it runs. */
function useClock(isRunning: boolean, speed: number, tick: (passedMs: number) => void): void {
  const newest = useRef(tick);
  newest.current = tick;
  useEffect(() => {
    if (!isRunning) return undefined;
    let before = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      newest.current((now - before) * speed);
      before = now;
    }, FRAME_MS);
    return () => clearInterval(timer);
  }, [isRunning, speed]);
}

function Controls({ context, recording, ms, seek, isPlaying, play, speed, setSpeed }: {
  context: PageContext;
  recording: Recording;
  ms: number;
  seek: (ms: number) => void;
  isPlaying: boolean;
  play: () => void;
  speed: number;
  setSpeed: (speed: number) => void;
}) {
  const { texts } = context;
  const { lengthMs } = recording;
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -STEP_MS, ArrowRight: STEP_MS }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    seek(Math.min(lengthMs, Math.max(0, ms + step)));
  };
  return (
    <div class="panel player">
      <button type="button" class="play" onClick={play} aria-label={isPlaying ? texts.pause : texts.play}>
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
          <path fill="currentColor" d={isPlaying ? 'M3 2h4v12H3zM9 2h4v12H9z' : 'M3 1.5v13l11-6.5z'} />
        </svg>
      </button>
      <div class="timeline">
        <Marks recording={recording} context={context} />
        <input type="range" min={0} max={Math.max(1, lengthMs)} step={1} value={ms} aria-label={texts.position}
          aria-valuetext={`${duration(ms)} / ${duration(lengthMs)}`} onKeyDown={onKey}
          onInput={(event) => seek(event.currentTarget.valueAsNumber)} />
      </div>
      <span class="elapsed">{duration(ms)} / {duration(lengthMs)}</span>
      <div class="switch" role="group" aria-label={texts.speed}>
        {SPEEDS.map((factor) => (
          <button type="button" key={factor} aria-pressed={factor === speed} onClick={() => setSpeed(factor)}>
            {factor}×
          </button>
        ))}
      </div>
    </div>
  );
}

/** Where objections were raised, in their colours; the list beside says the same in words. */
function Marks({ recording, context: { words } }: { recording: Recording; context: PageContext }) {
  const marks = useMemo(() => {
    const seen = new Set<string>();
    return recording.moments.flatMap(({ ms, event }) => {
      if (event.type !== 'objection' || event.status === 'retracted' || seen.has(event.id)) return [];
      seen.add(event.id);
      return [{ id: event.id, category: event.category, share: ms / Math.max(1, recording.lengthMs) }];
    });
  }, [recording]);
  return (
    <span class="marks" aria-hidden="true">
      {marks.map(({ id, category, share }) => (
        <span key={id} title={words.categories[category]}
          style={{ '--category': categoryColour(category), insetInlineStart: `${share * 100}%` }} />
      ))}
    </span>
  );
}
