import { render } from 'preact';
import archetype from '../shared/archetype.css?inline';
import colours from '../shared/colours.css?inline';
import { pickLanguage } from '../shared/language';
import { socketServer } from '../shared/server';
import { tabStorage } from '../shared/storage';
import { fetchedToken, fixedToken } from '../shared/token';
import type { Outcome } from '../shared/taxonomy';
import { Desk, type SpokenLine } from './desk';
import { Floating } from './floating';
import { LETTERS, shortcutLetter } from './keys';
import { spokenIn } from './texts';
import { view } from './view';
import styles from './widget.css?inline';

/** Where a tab keeps the name of its own call. */
const SESSION_KEY = 'coach.session';

const sheet = new CSSStyleSheet();
sheet.replaceSync(colours + archetype + styles);

/**
 * `<live-coach session token token-url language ui-language pack url chat floating shortcut>`: a
 * seller's coach for one call. It fires `coach:card` and `coach:ended`. What was said comes from
 * the browser's own recognition, from the seller's keyboard, from a recogniser of the host page
 * through `sendTranscript`, or from a bridge on the server.
 */
export class LiveCoach extends HTMLElement {
  static readonly observedAttributes = [
    'session', 'token', 'token-url', 'language', 'ui-language', 'pack', 'url',
  ];

  readonly #root = this.attachShadow({ mode: 'open' });
  readonly #floating = new Floating(this);
  #desk: Promise<Desk> | null = null;
  #isRestarting = false;
  #disable: (() => void) | null = null;

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [sheet];
  }

  connectedCallback(): void {
    this.#disable ??= this.#enable();
    this.#restart();
  }

  disconnectedCallback(): void {
    this.#disable?.();
    this.#disable = null;
    this.#close();
  }

  attributeChangedCallback(_name: string, before: string | null, after: string | null): void {
    if (this.isConnected && before !== after) this.#restart();
  }

  /** Whether the line was taken: interims only while connected, finals also while offline. */
  async sendTranscript(line: SpokenLine): Promise<boolean> {
    return (await this.#desk)?.speak(line) ?? false;
  }

  /** Ends the call, with its outcome when there is one. */
  async endCall(outcome?: Outcome): Promise<boolean> {
    return (await this.#desk)?.send({ type: 'end', ...(outcome && { outcome }) }) ?? false;
  }

  /** Follows the page's keys and size; returns its own end. */
  #enable(): () => void {
    const unfloat = this.#floating.enable();
    const onKeyDown = (event: KeyboardEvent) => {
      const modifiers = this.getAttribute('shortcut');
      const letter = modifiers && shortcutLetter(event, modifiers);
      if (!letter || !LETTERS.includes(letter)) return;
      event.preventDefault();
      void this.#desk?.then((desk) => desk.keys.get(letter)?.());
    };
    document.addEventListener('keydown', onKeyDown);
    return () => {
      document.removeEventListener('keydown', onKeyDown);
      unfloat();
    };
  }

  /** Several attributes set in one go make one new connection. */
  #restart(): void {
    if (this.#isRestarting) return;
    this.#isRestarting = true;
    queueMicrotask(() => {
      this.#isRestarting = false;
      this.#close();
      if (this.isConnected) this.#open();
    });
  }

  #open(): void {
    const uiLanguage = pickLanguage(
      this.getAttribute('ui-language'), this.getAttribute('language'), ...navigator.languages,
    );
    const tokenUrl = this.getAttribute('token-url');
    const language = this.getAttribute('language');
    const session = this.getAttribute('session');
    const opening = Desk.open({
      server: socketServer(this.getAttribute('url') ?? new URL(import.meta.url).origin),
      session: session ?? ownSession(),
      token: tokenUrl ? fetchedToken(tokenUrl) : fixedToken(this.getAttribute('token')),
      language: language === null || language === 'auto' ? null : pickLanguage(language),
      uiLanguage,
      pack: this.getAttribute('pack'),
      next: session === null ? () => this.#next() : null,
      onCard: (card) => this.#tell('coach:card', card),
      onEnded: (outcome) => this.#tell('coach:ended', { outcome }),
    });
    this.#desk = opening;
    void Promise.all([opening, spokenIn(uiLanguage)]).then(([desk, spoken]) => {
      if (this.#desk !== opening) return;
      const context = { desk, floating: this.#floating, language: uiLanguage };
      render(view(context, spoken, this.hasAttribute('chat')), this.#root);
      desk.start();
    });
  }

  #next(): void {
    tabStorage.remove(SESSION_KEY);
    this.#restart();
  }

  #close(): void {
    void this.#desk?.then((desk) => desk.close());
    this.#desk = null;
    render(null, this.#root);
  }

  #tell(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

/** Without a `session` each tab has a call of its own. */
function ownSession(): string {
  const kept = tabStorage.get(SESSION_KEY);
  if (kept) return kept;
  const session = `web-${crypto.getRandomValues(new Uint32Array(2)).join('').slice(0, 14)}`;
  tabStorage.set(SESSION_KEY, session);
  return session;
}
