/** The server's address for sockets: `http(s)` becomes `ws(s)`, no trailing slash. */
export function socketServer(url: string): string {
  return url.replace(/^http/, 'ws').replace(/\/+$/, '');
}
