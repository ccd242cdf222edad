import { useEffect, useState } from 'preact/hooks';
import type { Call } from '../shared/store';
import type { Said } from './said/said';
import type { ViewContext } from './view';

export interface SaidPanelProps {
  context: ViewContext;
  call: Call;
  isOpen: boolean;
  /** A written call: listening is the exception. */
  isChat: boolean;
}

/** Listening and writing are fetched when they are first wanted: a call with a bridge needs neither. */
export function SaidPanel(props: SaidPanelProps) {
  const { context, isOpen } = props;
  const [part, setPart] = useState<typeof Said | 'missing' | null>(null);
  const isWanted = isOpen && part === null;
  useEffect(() => {
    if (!isWanted) return;
    import('./said/said').then(({ Said }) => setPart(() => Said), () => setPart('missing'));
  }, [isWanted]);
  if (part === 'missing') return <p class="trouble" role="alert">{context.texts.missing}</p>;
  const Part = part;
  return Part && <Part {...props} />;
}
