import { useEffect, useRef, useState } from 'preact/hooks';
import { useObserved } from '../shared/hooks';
import { byNeed, type Wall } from '../shared/wall';
import type { PageContext } from './main';
import { Tile } from './tile';

const REORDER_MS = 4_000;

export function WallPage({ context }: { context: PageContext }) {
  const { office, texts } = context;
  const wall = useObserved(office.wall);
  const { list, order } = useCalmOrder(wall);
  if (order.length === 0) {
    return (
      <div class="panel empty">
        <h2>{texts.noCalls}</h2>
        <p>{texts.noCallsHow} <code>make run</code></p>
      </div>
    );
  }
  return (
    <ul class="wall" ref={list} aria-label={texts.live}>
      {order.map((id) => {
        const session = wall.sessions[id];
        return session && (
          <Tile key={id} context={context} session={session} hand={wall.hands[id]}
            likelihoods={wall.likelihoods[id] ?? []} />
        );
      })}
    </ul>
  );
}

/** By need of help, sorted anew every few seconds and never under the reader's hand. */
function useCalmOrder(wall: Wall) {
  const list = useRef<HTMLUListElement>(null);
  const [kept, setKept] = useState<string[]>([]);
  const newest = useRef(wall);
  newest.current = wall;
  useEffect(() => {
    const timer = setInterval(() => {
      if (list.current?.matches(':hover, :focus-within')) return;
      setKept(byNeed(newest.current).map(({ session }) => session));
    }, REORDER_MS);
    return () => clearInterval(timer);
  }, []);
  const known = kept.filter((id) => id in wall.sessions);
  const added = byNeed(wall).map(({ session }) => session).filter((id) => !known.includes(id));
  return { list, order: [...known, ...added] };
}
