/** How what is said gets into the call from this page: by ear, or by hand. */
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { useObserved } from '../../shared/hooks';
import type { Call } from '../../shared/store';
import type { ViewContext } from '../view';
import { Composer } from './composer';
import { Choice, Recording } from './listen';
import { Listening } from './listening';
import styles from './said.css?inline';
import { speechMaker, tabSound } from './speech';
import { saidTexts } from './texts';

const sheet = new CSSStyleSheet();
sheet.replaceSync(styles);

export interface SaidProps {
  context: ViewContext;
  call: Call;
  isOpen: boolean;
  /** A written call: listening is the exception. */
  isChat: boolean;
}

export function Said({ context, call, isOpen, isChat }: SaidProps) {
  const { desk } = context;
  const root = useRef<HTMLDivElement>(null);
  const listening = useMemo(() => new Listening({ desk, tabSound, make }), [desk]);
  const state = useObserved(listening.state);
  const texts = saidTexts(context.language);
  const isOn = state.phase !== 'off';

  useLayoutEffect(() => {
    const shadow = root.current?.getRootNode();
    if (shadow instanceof ShadowRoot && !shadow.adoptedStyleSheets.includes(sheet)) {
      shadow.adoptedStyleSheets.push(sheet);
    }
  }, []);
  useEffect(() => {
    const hurry = () => listening.hurry();
    addEventListener('online', hurry);
    document.addEventListener('visibilitychange', hurry);
    return () => {
      removeEventListener('online', hurry);
      document.removeEventListener('visibilitychange', hurry);
      listening.stop();
    };
  }, [listening]);
  useEffect(() => {
    if (call.ended) listening.stop();
  }, [call.ended]);
  desk.keys.set('S', () => listening.turn()).set('P', () => listening.toggle());

  return (
    <div class="said" part="listening" ref={root}>
      {isOn && <Recording state={state} listening={listening} texts={texts} />}
      {isOpen && !isOn && !call.ended && (
        <details open={!isChat}>
          <summary>{texts.listen}</summary>
          <Choice context={context} listening={listening} state={state} texts={texts} />
        </details>
      )}
      {isOpen && !call.ended && <Composer context={context} call={call} texts={texts} />}
    </div>
  );
}

function make() {
  const Maker = speechMaker();
  if (!Maker) throw new Error('no speech recognition');
  return new Maker();
}
