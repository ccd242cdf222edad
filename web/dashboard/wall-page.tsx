import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useObserved } from '../shared/hooks';
import type { Observed } from '../shared/observed';
import type { Wall } from '../shared/wall';
import { Choice, Field, FilterBar } from './filters';
import type { PageContext } from './main';
import { LEVELS } from './need';
import { languageName, packName } from './names';
import type { Office } from './office';
import { arrange, emptyOrder, fits, follow, type Filter } from './order';
import { Tile } from './tile';
import { everySecond } from './times';

const SORT_MS = 3_000;
/** 200 calls bring a line in nearly every frame; drawn ten times a second, they leave the others free. */
const DRAWN_MS = 100;

export function WallPage({ context }: { context: PageContext }) {
  const { office, texts, words } = context;
  const wall = useEvery(office.wall, DRAWN_MS);
  const [filter, setFilter] = useState<Filter>(office.filter);
  const { list, order, held } = useCalmOrder(wall, office);
  const calls = Object.values(wall.sessions);
  const shown = new Set(calls.filter((call) => fits(filter, call)).map(({ session }) => session));
  const narrow = (change: Partial<Filter>) => {
    office.filter = { ...filter, ...change };
    setFilter(office.filter);
  };
  const choices = (values: string[], word: (value: string) => string) => [
    ['', texts.all] as const,
    ...[...new Set(values)].sort().map((value) => [value, word(value)] as const),
  ];
  if (calls.length === 0) return <NoCalls context={context} />;
  return (
    <>
      <div class="wall-head">
        <FilterBar label={texts.narrow}>
          <Field label={texts.seller} value={filter.seller} change={(seller) => narrow({ seller })} />
          <Choice label={texts.pack} value={filter.pack} choose={(pack) => narrow({ pack })}
            options={choices(calls.map(({ pack }) => pack), packName)} />
          <Choice label={texts.language} value={filter.language}
            choose={(language) => narrow({ language })}
            options={choices(calls.map(({ language }) => language), (code) => languageName(code, context.language))} />
        </FilterBar>
        <p class="muted held">{held ? texts.held : ''}</p>
      </div>
      <div ref={list} class="levels">
        {LEVELS.map((level) => {
          const ids = order.placed[level].filter((id) => shown.has(id));
          if (ids.length === 0) return null;
          return (
            <section key={level} class={`level ${level}`} aria-labelledby={`level-${level}`}>
              <h2 id={`level-${level}`}>{texts.levels[level]} <span class="count">{ids.length}</span></h2>
              <ul class="wall">
                {ids.map((id) => {
                  const call = wall.sessions[id];
                  const need = order.needs[id];
                  return call && need && (
                    <Tile key={id} call={call} need={need} likelihoods={wall.likelihoods[id] ?? none}
                      texts={texts} words={words} language={context.language} skew={office.skew} />
                  );
                })}
              </ul>
            </section>
          );
        })}
        {shown.size === 0 && <p class="panel empty">{texts.noneFits}</p>}
      </div>
    </>
  );
}

const none: number[] = [];

function NoCalls({ context: { office, texts } }: { context: PageContext }) {
  const { state } = useObserved(office.status);
  if (state === 'connecting') return <p class="panel empty">{texts.loading}</p>;
  // A socket that is not live tells of no call, and that is not the same as none.
  if (state !== 'live') return null;
  return (
    <div class="panel empty">
      <h2>{texts.noCalls}</h2>
      <p>{texts.noCallsHow} <code>coach serve --demo</code></p>
      <p><a href="#/history">{texts.history}</a></p>
    </div>
  );
}

/** The newest value, at most once in `ms`. */
function useEvery<T>(observed: Observed<T>, ms: number): T {
  const [value, setValue] = useState(observed.value);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = () => {
      timer = undefined;
      setValue(observed.value);
    };
    const stop = observed.subscribe(() => (timer ??= setTimeout(show, ms)));
    show();
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [observed, ms]);
  return value;
}

/** Sorted anew every few seconds, and never while the reader points at a tile or has one in focus. */
function useCalmOrder(wall: Wall, office: Office) {
  const list = useRef<HTMLDivElement>(null);
  const [second, setSecond] = useState(0);
  const kept = useRef(emptyOrder);
  const sortedAt = useRef(0);
  useEffect(() => everySecond(() => setSecond((count) => count + 1)), []);
  const held = list.current?.matches(':has(.tile:hover, .tile:focus-visible)') ?? false;
  kept.current = useMemo(() => {
    const now = Date.now();
    const order = follow(kept.current, wall, now - office.skew);
    if (held || now - sortedAt.current < SORT_MS) return order;
    sortedAt.current = now;
    return arrange(order, wall);
  }, [wall, second, held]);
  return { list, order: kept.current, held };
}
