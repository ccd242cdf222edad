import { useState } from 'preact/hooks';
import { LANGUAGES } from '../../shared/language';
import type { Language, Speaker } from '../../shared/taxonomy';
import type { ViewContext } from '../view';
import { isHeld, type Listening, type ListeningState } from './listening';
import { lackOf, type Mode } from './speech';
import type { SaidTexts } from './texts';

const MODES: readonly Mode[] = ['speakerphone', 'headset', 'tab'];
const SPEAKERS: readonly Speaker[] = ['client', 'seller'];

interface ListenProps { listening: Listening; state: ListeningState; texts: SaidTexts }

/** How to listen; a way that does not work here says why. */
export function Choice({ context, listening, state, texts }: ListenProps & { context: ViewContext }) {
  const { desk, language: uiLanguage } = context;
  const called = desk.options.language;
  const [language, setLanguage] = useState<Language>(
    called && called !== 'auto' ? called : uiLanguage,
  );
  const lacks = MODES.map((mode) => lackOf(mode));
  const [mode, setMode] = useState(state.mode);
  const onSubmit = (event: Event) => {
    event.preventDefault();
    void listening.start(mode, language);
  };
  if (lacks[0]) return <p class="hint">{texts.lacks[lacks[0]]}</p>;
  return (
    <form class="choice" aria-label={texts.listen} onSubmit={onSubmit}>
      {MODES.map((each, index) => {
        const lack = lacks[index];
        const [name, how] = texts.modes[each];
        return (
          <label key={each} class={lack ? 'lacking' : ''}>
            <input type="radio" name="mode" checked={mode === each} disabled={lack != null}
              onChange={() => setMode(each)} />
            <b>{name}</b> <span>{lack ? texts.lacks[lack] : how}</span>
          </label>
        );
      })}
      <p class="consent"><b>{texts.consent}</b> {texts.where}</p>
      <div class="row">
        <select value={language} aria-label={texts.language}
          onChange={(event) => setLanguage(event.currentTarget.value as Language)}>
          {LANGUAGES.map((code) => <option key={code} value={code}>{code.toUpperCase()}</option>)}
        </select>
        <button type="submit" class="primary">{texts.start}</button>
      </div>
      <TroubleLine state={state} texts={texts} />
    </form>
  );
}

/** Never out of sight while the microphone is open. */
export function Recording({ listening, state, texts }: ListenProps) {
  const { phase, mode, speaker, text } = state;
  return (
    <div class={`recording ${phase}`}>
      <p class="phase" role="status">{texts.phases[phase]}</p>
      {mode === 'speakerphone' && (
        <div class="switch" role="group" aria-label={texts.speaks}>
          {SPEAKERS.map((who) => (
            <button type="button" key={who} aria-pressed={who === speaker} aria-keyshortcuts="S"
              onClick={() => listening.turn(who)}>{texts[who]}</button>
          ))}
          <kbd>S</kbd>
        </div>
      )}
      <button type="button" class="small" aria-keyshortcuts="P"
        onClick={() => listening.toggle()}>
        {isHeld(state) ? texts.goOn : texts.pause} <kbd>P</kbd>
      </button>
      <button type="button" class="small" onClick={() => listening.stop()}>{texts.stop}</button>
      <p class="heard">{text}</p>
      <TroubleLine state={state} texts={texts} />
    </div>
  );
}

function TroubleLine({ state: { trouble }, texts }: Pick<ListenProps, 'state' | 'texts'>) {
  return trouble && <p class="trouble" role="alert">{texts.troubles[trouble]}</p>;
}
