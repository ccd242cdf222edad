import { tabStorage } from './storage';

const LOCK_WAIT_MS = 500;

function freshName(): string {
  return `widget-${crypto.getRandomValues(new Uint32Array(2)).join('').slice(0, 12)}`;
}

/**
 * The name of this tab's transcript source: the same after a reload, another in every other tab.
 * A duplicated tab inherits sessionStorage, so a held lock is what makes the name ours; the
 * second tab takes a new one, since the server would close the first with 4009.
 */
export async function claimSource(session: string): Promise<{ source: string; release: () => void }> {
  const key = `coach.source.${session}`;
  const kept = tabStorage.get(key);
  if (kept) {
    const release = await lock(`${key}.${kept}`);
    if (release) return { source: kept, release };
  }
  const source = freshName();
  tabStorage.set(key, source);
  return { source, release: (await lock(`${key}.${source}`)) ?? (() => undefined) };
}

/** Without the Web Locks API (an insecure origin) every name counts as free. */
function lock(name: string): Promise<(() => void) | null> {
  if (!navigator.locks) return Promise.resolve(() => undefined);
  return new Promise((granted) => {
    const held = () => new Promise<void>((release) => granted(() => release()));
    navigator.locks
      .request(name, { signal: AbortSignal.timeout(LOCK_WAIT_MS) }, held)
      .catch(() => granted(null));
  });
}
