import { useState } from 'preact/hooks';
import { useObserved } from '../shared/hooks';
import type { Call } from '../shared/store';
import type { TranscriptEvent } from '../shared/wire';
import type { Problem } from './api';
import type { PageContext } from './main';
import { dateAndTime } from './times';

const MOST_CHARS = 2_000;

/** What the team's managers note; the server keeps it with the call. `line`: what a new note is about. */
export function Notes({ context, call, line, jump }: {
  context: PageContext;
  call: Call;
  line: TranscriptEvent | null;
  jump: (line: TranscriptEvent) => void;
}) {
  const { office, texts, language } = context;
  const notes = useObserved(office.notes);
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);
  const onSubmit = async (event: Event) => {
    event.preventDefault();
    if (!text.trim()) return;
    const why = await office.note(call.session, text.trim(), line?.offset ?? null);
    setProblem(why);
    if (why === null) setText('');
  };
  return (
    <>
      <ul class="notes">
        {notes.map(({ id, author, text: note, offset, at }) => {
          const about = call.transcript.find((event) => event.offset === offset);
          return (
            <li key={id}>
              <p>{note}</p>
              <p class="muted">
                {author}, {dateAndTime(at, language)}{' '}
                <button type="button" class="plain" onClick={() => void office.removeNote(call.session, id)}>
                  {texts.remove}
                </button>
              </p>
              {about && (
                <button type="button" class="plain muted" onClick={() => jump(about)}>↩ “{about.text}”</button>
              )}
            </li>
          );
        })}
      </ul>
      <form class="note-box" onSubmit={(event) => void onSubmit(event)}>
        {line && <p class="muted">{texts.noteAbout} “{line.text}”</p>}
        <div class="row">
          <input value={text} maxLength={MOST_CHARS} aria-label={texts.note} placeholder={texts.notePlaceholder}
            onInput={(event) => setText(event.currentTarget.value)} />
          <button type="submit">{texts.note}</button>
        </div>
        {problem && <p class="problem" role="alert">{texts.problems[problem]}</p>}
      </form>
    </>
  );
}
