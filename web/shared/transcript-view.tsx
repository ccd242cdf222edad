import { useEffect, useRef } from 'preact/hooks';
import { categoryColour } from './colours';
import { markQuotes, raisedIn } from './marks';
import type { Call } from './store';
import type { PageWords } from './page-texts';
import type { ObjectionEvent, TranscriptEvent } from './wire';

const NEAR_END_PX = 80;

/** A line to look at: `"source utterance"`. The counter makes the same line count again. */
export interface Target { key: string; count: number }

/** What was said, objections marked in place; it scrolls along unless the reader scrolled back. */
export function TranscriptView({ call, words, label, target = null }: {
  call: Call; words: PageWords; label: string; target?: Target | null;
}) {
  const list = useRef<HTMLOListElement>(null);
  const isAtEnd = useRef(true);
  useEffect(() => {
    const element = list.current;
    if (element && isAtEnd.current) element.scrollTop = element.scrollHeight;
  });
  useEffect(() => {
    const line = list.current?.querySelector('.target');
    if (!line) return;
    isAtEnd.current = false;
    line.scrollIntoView({ block: 'center' });
  }, [target]);
  const onScroll = ({ currentTarget: element }: { currentTarget: HTMLElement }) => {
    const left = element.scrollHeight - element.scrollTop - element.clientHeight;
    isAtEnd.current = left < NEAR_END_PX;
  };
  return (
    <ol class="transcript" ref={list} onScroll={onScroll} tabIndex={0} aria-label={label}>
      {[...call.transcript, ...call.interims].map((line) => (
        <Line key={`${line.source} ${line.utterance}`} line={line} words={words}
          objections={raisedIn(call.objections, line)}
          isTarget={target?.key === `${line.source} ${line.utterance}`} />
      ))}
    </ol>
  );
}

function Line({ line, objections, words, isTarget }: {
  line: TranscriptEvent; objections: ObjectionEvent[]; words: PageWords; isTarget: boolean;
}) {
  return (
    <li class={`line ${line.speaker} ${line.final ? '' : 'interim'} ${isTarget ? 'target' : ''}`} lang={line.language}>
      <span class="who">{words.speakers[line.speaker]}</span>
      <p>
        {markQuotes(line.text, objections).map(({ text, objection }, index) =>
          objection ? <Mark key={index} text={text} objection={objection} words={words} /> : text,
        )}
      </p>
    </li>
  );
}

function Mark({ text, objection, words }: {
  text: string; objection: ObjectionEvent; words: PageWords;
}) {
  const { category, status } = objection;
  return (
    <mark class={status} style={{ '--category': categoryColour(category) }}>
      {text}
      <span class="word" title={words.statuses[status]}>
        {status === 'handled' && '✓ '}
        {words.categories[category]}
        {status === 'provisional' && ' ?'}
      </span>
    </mark>
  );
}
