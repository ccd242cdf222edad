import { render } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { connectionWords } from '../shared/connection-words';
import { useObserved } from '../shared/hooks';
import { LanguageSwitch } from '../shared/language-switch';
import { pageWordsIn, type PageWords } from '../shared/page-texts';
import type { Call } from '../shared/store';
import type { Language } from '../shared/taxonomy';
import { pickLanguage } from '../shared/texts';
import { TranscriptView } from '../shared/transcript-view';
import { DemoStage } from './stage';
import { demoTexts, type DemoTexts } from './texts';

function Demo() {
  const wishes = new URLSearchParams(location.search);
  const [language, setLanguage] = useState<Language>(() =>
    pickLanguage(wishes.get('language'), ...navigator.languages),
  );
  const stage = useMemo(() => new DemoStage(language, wishes.get('session')), []);
  useEffect(() => stage.enable(), [stage]);
  useEffect(() => {
    document.documentElement.lang = language;
    stage.speak(language);
  }, [stage, language]);
  const call = useObserved(stage.call);
  const status = useObserved(stage.status);
  const texts = demoTexts(language);
  const words = pageWordsIn(language);
  return (
    <>
      <header class="bar">
        <h1>{texts.title}</h1>
        <p class="muted">{texts.what}</p>
        <p class={`connection ${status.state}`} role="status">
          {connectionWords(words, status)}{' '}
          {status.state === 'stopped' && (
            <button type="button" onClick={() => stage.restart()}>{words.again}</button>
          )}
        </p>
        <LanguageSwitch label={texts.language} language={language} choose={setLanguage} />
      </header>
      <main>
        {call ? (
          <>
            <CallView call={call} texts={texts} words={words} />
            <live-coach session={call.session} ui-language={language} />
          </>
        ) : (
          <Nothing texts={texts} />
        )}
      </main>
      <footer class="foot">
        <a href="/dashboard">{texts.dashboard}</a>
        <a href="/embed.html">{texts.embed}</a>
        <a href="/docs">{texts.docs}</a>
      </footer>
    </>
  );
}

function CallView({ call, texts, words }: { call: Call; texts: DemoTexts; words: PageWords }) {
  return (
    <section class="panel call">
      <div class="call-head">
        <h2>{texts.transcript}</h2>
        <span class="muted">{call.session}</span>
      </div>
      <TranscriptView key={call.session} call={call} words={words} label={texts.transcript} />
      {call.ended && (
        <p class="next" role="status">
          {texts.ended} {words.outcomes[call.outcome ?? 'none']}. {texts.next}
        </p>
      )}
    </section>
  );
}

function Nothing({ texts }: { texts: DemoTexts }) {
  return (
    <div class="panel empty nothing">
      <h2>{texts.nothing}</h2>
      <p>{texts.howToStart} <code>make run</code></p>
      <p>{texts.willAppear}</p>
      <p><a href="/embed.html">{texts.ownCall}</a></p>
    </div>
  );
}

render(<Demo />, document.body);
