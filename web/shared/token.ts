/** Who this browser is: a fixed token, or one fetched anew before each connection. */
export interface TokenSource {
  /** Throws `Refused` when asking again is of no use, any other error when it is. */
  (): Promise<string | null>;
}

export class Refused extends Error {}

const FETCH_LIMIT_MS = 8_000;
/** Renewed this long before it expires; half of the rest when less is left. */
const RENEW_AHEAD_MS = 60_000;

export function fixedToken(token: string | null): TokenSource {
  return async () => token;
}

/** `tokenUrl` answers JSON `{"token": "…"}`, for the user whom the host page's cookies name. */
export function fetchedToken(tokenUrl: string): TokenSource {
  return async () => {
    const answer = await fetch(tokenUrl, {
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(FETCH_LIMIT_MS),
    });
    if (answer.status === 401 || answer.status === 403) throw new Refused(String(answer.status));
    if (!answer.ok) throw new Error(String(answer.status));
    const { token } = (await answer.json()) as { token?: string };
    return token ?? null;
  };
}

/** Milliseconds until the token should be renewed, or null when it does not say. */
export function renewalDelay(token: string, now: number): number | null {
  const expiry = expiryOf(token);
  if (expiry === null) return null;
  const left = expiry - now;
  return Math.max(0, left - Math.min(RENEW_AHEAD_MS, left / 2));
}

/** When the token expires (Unix ms), or null when it does not say. */
export function expiryOf(token: string): number | null {
  try {
    const claims = token.split('.')[1] ?? '';
    const json = atob(claims.replaceAll('-', '+').replaceAll('_', '/'));
    const { exp } = JSON.parse(json) as { exp?: number };
    return typeof exp === 'number' ? exp * 1_000 : null;
  } catch {
    return null;
  }
}
