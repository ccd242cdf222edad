import { render } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { connectionWords } from '../shared/connection-words';
import { useObserved } from '../shared/hooks';
import { LanguageSwitch } from '../shared/language-switch';
import { pageWordsIn, type PageWords } from '../shared/page-texts';
import { tabStorage } from '../shared/storage';
import type { Language } from '../shared/taxonomy';
import { pickLanguage } from '../shared/texts';
import { CallPage } from './call';
import { FiguresPage } from './figures-page';
import { HistoryPage } from './history';
import { Office } from './office';
import { followRoute, routeOf, type Route } from './route';
import { dashboardTexts, type DashboardTexts } from './texts';
import { TokenBox } from './token-box';
import { WallPage } from './wall-page';

export interface PageContext {
  office: Office;
  texts: DashboardTexts;
  words: PageWords;
  language: Language;
}

const LANGUAGE_KEY = 'coach.language';

function Dashboard() {
  const office = useMemo(() => new Office(), []);
  const [route, setRoute] = useState(() => routeOf(location.hash));
  const [language, setLanguage] = useState<Language>(() =>
    pickLanguage(tabStorage.get(LANGUAGE_KEY), ...navigator.languages),
  );
  useEffect(() => office.enable(), [office]);
  useEffect(() => followRoute(setRoute), []);
  const context = useMemo<PageContext>(
    () => ({ office, texts: dashboardTexts(language), words: pageWordsIn(language), language }),
    [office, language],
  );
  const { texts } = context;
  useEffect(() => {
    document.documentElement.lang = language;
    tabStorage.set(LANGUAGE_KEY, language);
  }, [language]);
  useTitle(route, texts);
  return (
    <>
      <a class="skip" href="#content" onClick={skipToContent}>{texts.skip}</a>
      <Head context={context} route={route} choose={setLanguage} />
      <main id="content" tabIndex={-1}>
        <TokenBox context={context} />
        <ServerProblem context={context} />
        {route.page === 'wall' && <WallPage context={context} />}
        {route.page === 'history' && <HistoryPage context={context} query={route.query} />}
        {route.page === 'figures' && <FiguresPage context={context} query={route.query} />}
        {route.page === 'call' && <CallPage key={route.id} context={context} id={route.id} />}
      </main>
    </>
  );
}

function Head({ context, route, choose }: {
  context: PageContext; route: Route; choose: (language: Language) => void;
}) {
  const { office, texts, words, language } = context;
  const status = useObserved(office.status);
  const current = (page: Route['page']) => (route.page === page ? 'page' : undefined);
  return (
    <header class="bar">
      <h1>{texts.title}</h1>
      <nav aria-label={texts.title}>
        <a href="#/" aria-current={current('wall')}>{texts.live}</a>
        <a href="#/history" aria-current={current('history')}>{texts.history}</a>
        <a href="#/figures?days=30" aria-current={current('figures')}>{texts.figures}</a>
        <a href="/">{texts.demo}</a>
      </nav>
      <p class={`connection ${status.state}`} role="status">
        {connectionWords(words, status)}{' '}
        {status.state === 'stopped' && (
          <button type="button" onClick={() => office.restart()}>{words.again}</button>
        )}
      </p>
      <LanguageSwitch label={texts.language} language={language} choose={choose} />
    </header>
  );
}

function ServerProblem({ context: { office, texts } }: { context: PageContext }) {
  const problem = useObserved(office.problem);
  if (!problem) return null;
  return (
    <p class="problem" role="alert">
      {problem.message}{' '}
      <button type="button" onClick={() => (office.problem.value = null)}>{texts.dismiss}</button>
    </p>
  );
}

/** Another page begins at its top, for eyes and for screen readers alike. */
function useTitle(route: Route, texts: DashboardTexts): void {
  const place = route.page === 'call' ? route.id : route.page;
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current) {
      window.scrollTo(0, 0);
      document.getElementById('content')?.focus({ preventScroll: true });
    }
    isFirst.current = false;
  }, [place]);
  useEffect(() => {
    const name = { wall: texts.live, history: texts.history, figures: texts.figures, call: texts.call }[route.page];
    document.title = `${name} – ${texts.title}`;
  }, [place, texts]);
}

/** The hash is the route: a jump within the page must not change it. */
function skipToContent(event: Event): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

render(<Dashboard />, document.body);
