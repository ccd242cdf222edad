import { render } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { connectionWords } from '../shared/connection-words';
import { useObserved } from '../shared/hooks';
import { LanguageSwitch } from '../shared/language-switch';
import { pageWordsIn, type PageWords } from '../shared/page-texts';
import { tabStorage } from '../shared/storage';
import type { Language } from '../shared/taxonomy';
import { pickLanguage } from '../shared/texts';
import { CallPage } from './call';
import { HistoryPage } from './history';
import { Office } from './office';
import { currentRoute, followRoute } from './route';
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
  const [route, setRoute] = useState(currentRoute);
  const [language, setLanguage] = useState<Language>(() =>
    pickLanguage(tabStorage.get(LANGUAGE_KEY), ...navigator.languages),
  );
  useEffect(() => office.enable(), [office]);
  useEffect(() => followRoute(setRoute), []);
  useEffect(() => {
    document.documentElement.lang = language;
    tabStorage.set(LANGUAGE_KEY, language);
  }, [language]);
  const status = useObserved(office.status);
  const needsToken = useObserved(office.needsToken);
  const problem = useObserved(office.problem);
  const texts = dashboardTexts(language);
  const words = pageWordsIn(language);
  const context = { office, texts, words, language };
  return (
    <>
      <header class="bar">
        <h1>{texts.title}</h1>
        <nav>
          <a href="#/" aria-current={route.page === 'wall' ? 'page' : undefined}>{texts.live}</a>
          <a href="#/history" aria-current={route.page === 'history' ? 'page' : undefined}>
            {texts.history}
          </a>
          <a href="/">{texts.demo}</a>
        </nav>
        <p class={`connection ${status.state}`} role="status">
          {connectionWords(words, status)}{' '}
          {status.state === 'stopped' && (
            <button type="button" onClick={() => office.restart()}>{words.again}</button>
          )}
        </p>
        <LanguageSwitch label={texts.language} language={language} choose={setLanguage} />
      </header>
      <main>
        {needsToken && <TokenBox texts={texts} signIn={(token) => office.signIn(token)} />}
        {problem && (
          <p class="problem" role="alert">
            {problem.message}{' '}
            <button type="button" onClick={() => (office.problem.value = null)}>
              {texts.dismiss}
            </button>
          </p>
        )}
        {route.page === 'wall' && <WallPage context={context} />}
        {route.page === 'history' && <HistoryPage context={context} />}
        {route.page === 'call' && <CallPage key={route.id} context={context} id={route.id} />}
      </main>
    </>
  );
}

render(<Dashboard />, document.body);
