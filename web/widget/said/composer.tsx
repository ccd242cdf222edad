import { useState } from 'preact/hooks';
import { categoryColour } from '../../shared/colours';
import { useObserved } from '../../shared/hooks';
import { markQuotes } from '../../shared/marks';
import type { Call } from '../../shared/store';
import type { Speaker } from '../../shared/taxonomy';
import type { ViewContext } from '../view';
import type { SaidTexts } from './texts';

const MS_A_WORD = 400;
const SPEAKERS: readonly Speaker[] = ['client', 'seller'];

interface ComposerProps { context: ViewContext; call: Call; texts: SaidTexts }
interface Written { utterance: string; speaker: Speaker; text: string }

/** For calls that are written: each line goes out as a final of the chosen speaker. */
export function Composer({ context, call, texts }: ComposerProps) {
  const { desk } = context;
  const waiting = useObserved(desk.waiting);
  const [text, setText] = useState('');
  const [speaker, setSpeaker] = useState<Speaker>('client');
  const [isRefused, setRefused] = useState(false);
  const [written, setWritten] = useState<Written | null>(null);

  const onSubmit = (event: Event) => {
    event.preventDefault();
    const line = text.trim();
    if (!line) return;
    const start = lastMoment(call);
    const said = { utterance: `typed-${Date.now().toString(36)}`, speaker, text: line };
    const taken = desk.speak({
      ...said,
      final: true,
      start_ms: start,
      end_ms: start + line.split(/\s+/).length * MS_A_WORD,
    });
    setRefused(!taken);
    if (!taken) return;
    setText('');
    setWritten(said);
  };

  return (
    <form class="composer" part="composer" aria-label={texts.write} onSubmit={onSubmit}>
      <div class="row">
        <div class="switch" role="group" aria-label={texts.speaks}>
          {SPEAKERS.map((who) => (
            <button type="button" key={who} aria-pressed={speaker === who}
              onClick={() => setSpeaker(who)}>{texts[who]}</button>
          ))}
        </div>
        {waiting > 0 && <span class="hint" role="status">{waiting} {texts.waiting}</span>}
      </div>
      <div class="row">
        <input value={text} aria-label={texts.line} maxLength={8000} placeholder={texts.line}
          onInput={(event) => setText(event.currentTarget.value)} />
        <button type="submit">{texts.send}</button>
      </div>
      <Echo context={context} call={call} texts={texts} written={written} />
      {isRefused && <p class="trouble" role="alert">{texts.tooMany}</p>}
    </form>
  );
}

/** The last line that was written, what it raised before it and marked in it. Its place is always kept. */
function Echo({ context: { words }, call, texts, written }: ComposerProps & { written: Written | null }) {
  if (!written) return <p class="echo" role="status" />;
  const pieces = markQuotes(written.text, call.objections.filter(({ utterance }) => utterance === written.utterance));
  return (
    <p class="echo" role="status">
      {texts[written.speaker]}:{' '}
      {pieces.map(({ objection }) => objection && (
        <span key={objection.id} class="word" style={{ '--category': categoryColour(objection.category) }}>
          {words.categories[objection.category]}{' '}
        </span>
      ))}
      {pieces.map(({ text, objection }, index) => (objection
        ? <mark key={index} style={{ '--category': categoryColour(objection.category) }}>{text}</mark>
        : text))}
    </p>
  );
}

function lastMoment({ transcript }: Call): number {
  return transcript.reduce((latest, line) => Math.max(latest, line.end_ms), 0);
}
