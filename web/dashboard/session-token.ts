/** Who the manager is: a token that was pasted, or one from the host's `token-url`; kept in this tab only. */
import { Observed } from '../shared/observed';
import { tabStorage } from '../shared/storage';
import { expiryOf, fetchedToken, type TokenSource } from '../shared/token';

const TOKEN_KEY = 'coach.token';
const URL_KEY = 'coach.token-url';
const ASK_AHEAD_MS = 5 * 60_000;

export class SessionToken {
  /** When the pasted token runs out (Unix ms), once that is near; null while there is time. */
  readonly runsOut = new Observed<number | null>(null);
  readonly #url: string | null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `address`: the page's; `?token-url=/coach-token` names where tokens come from, on this host only. */
  constructor(address: string) {
    const page = new URL(address);
    const given = page.searchParams.get('token-url');
    if (given !== null && new URL(given, page).origin === page.origin) tabStorage.set(URL_KEY, given);
    this.#url = tabStorage.get(URL_KEY);
    this.#watchExpiry();
  }

  /** For the socket: asked before each connection, and before the token runs out. */
  readonly source: TokenSource = async () => {
    if (this.#url === null) return this.kept;
    const token = await fetchedToken(this.#url)();
    if (token !== null) tabStorage.set(TOKEN_KEY, token);
    return token;
  };

  /** The newest one, without asking for another. */
  get kept(): string | null {
    return tabStorage.get(TOKEN_KEY);
  }

  paste(token: string): void {
    tabStorage.set(TOKEN_KEY, token);
    this.runsOut.value = null;
    this.#watchExpiry();
  }

  #watchExpiry(): void {
    clearTimeout(this.#timer);
    const token = this.kept;
    const expiry = token === null || this.#url !== null ? null : expiryOf(token);
    if (expiry === null) return;
    const left = expiry - Date.now() - ASK_AHEAD_MS;
    this.#timer = setTimeout(() => (this.runsOut.value = expiry), Math.min(Math.max(0, left), 2 ** 31 - 1));
  }
}
