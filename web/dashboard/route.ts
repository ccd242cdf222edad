/** Where the reader is, kept in the address: `#/history?seller=Anna` can be sent to a colleague. */
export type Route =
  | { page: 'wall' }
  | { page: 'history' | 'figures'; query: Record<string, string> }
  | { page: 'call'; id: string };

export function routeOf(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const [page, id] = path.split('/');
  if (page === 'call' && id) return { page, id: decoded(id) };
  if (page === 'history' || page === 'figures') {
    return { page, query: Object.fromEntries(new URLSearchParams(query)) };
  }
  return { page: 'wall' };
}

export function callAddress(id: string): string {
  return `#/call/${encodeURIComponent(id)}`;
}

export function listAddress(page: 'history' | 'figures', query: Record<string, string>): string {
  const given = Object.entries(query).filter(([, value]) => value !== '');
  return `#/${page}${given.length > 0 ? `?${new URLSearchParams(given)}` : ''}`;
}

export function followRoute(changed: (route: Route) => void): () => void {
  const onHashChange = () => changed(routeOf(location.hash));
  window.addEventListener('hashchange', onHashChange);
  return () => window.removeEventListener('hashchange', onHashChange);
}

/** An address that somebody mistyped must not break the page. */
function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}
