import type { FunctionComponent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ViewContext } from './view';

interface OnDemandProps<P> {
  isWanted: boolean;
  load: () => Promise<FunctionComponent<P>>;
  props: P;
}

/** A part of the widget that is fetched when it is first wanted. */
export function OnDemand<P extends { context: ViewContext }>({ isWanted, load, props }: OnDemandProps<P>) {
  const [part, setPart] = useState<FunctionComponent<P> | 'missing' | null>(null);
  const isLacking = isWanted && part === null;
  useEffect(() => {
    if (isLacking) load().then((Part) => setPart(() => Part), () => setPart('missing'));
  }, [isLacking]);
  if (part === 'missing') return <p class="trouble" role="alert">{props.context.texts.missing}</p>;
  const Part = part;
  return Part && <Part {...props} />;
}
