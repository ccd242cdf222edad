export type Route = { page: 'wall' } | { page: 'history' } | { page: 'call'; id: string };

export function currentRoute(): Route {
  const [page, id] = location.hash.replace(/^#\/?/, '').split('/');
  if (page === 'call' && id) return { page, id: decodeURIComponent(id) };
  return page === 'history' ? { page } : { page: 'wall' };
}

export function callAddress(id: string): string {
  return `#/call/${encodeURIComponent(id)}`;
}

export function followRoute(changed: (route: Route) => void): () => void {
  const onHashChange = () => changed(currentRoute());
  window.addEventListener('hashchange', onHashChange);
  return () => window.removeEventListener('hashchange', onHashChange);
}
