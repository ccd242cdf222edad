import { HandIcon } from '../shared/hand-icon';
import type { RaiseHandEvent, SessionEvent } from '../shared/wire';
import type { PageContext } from './main';
import { callAddress } from './route';
import { Sparkline } from './sparkline';
import { Elapsed } from './times';

interface TileProps {
  context: PageContext;
  session: SessionEvent;
  hand: RaiseHandEvent | undefined;
  likelihoods: number[];
}

export function Tile({ context, session, hand, likelihoods }: TileProps) {
  const { texts, words } = context;
  const { metrics } = session;
  const likelihood = metrics['purchase_likelihood'];
  const talk = metrics['talk_ratio'];
  const open = metrics['open_objections'] ?? 0;
  return (
    <li>
      <a class={`panel tile ${hand ? 'hand' : ''}`} href={callAddress(session.session)}>
        <span class="tile-head">
          <b>{session.seller}</b>
          <span class="muted">{session.session}</span>
          <Elapsed since={session.started_at} />
        </span>
        {hand && <span class="raised"><HandIcon /> {texts.wantsHelp}{hand.text && `: ${hand.text}`}</span>}
        <span class="facts">
          <span>{session.pack}</span>
          <span>{session.language.toUpperCase()}</span>
          {session.stage && <span>{words.stages[session.stage]}</span>}
          <span>{session.archetype ? words.archetypes[session.archetype] : words.notSure}</span>
          {open > 0 && <span class="open">{texts.openObjections}: {open}</span>}
        </span>
        <span class="likelihood">
          <span>
            <span class="muted">{texts.likelihood}</span>
            <b class="figure">{likelihood === undefined ? '–' : `${Math.round(likelihood)} %`}</b>
          </span>
          <Sparkline values={likelihoods} />
        </span>
        <span class="talk">
          <span class="muted">{texts.talk}</span>
          <span class="track" aria-hidden="true">
            <span style={{ inlineSize: `${(talk ?? 0) * 100}%` }} />
          </span>
          <span>{talk === undefined ? '–' : `${Math.round(talk * 100)} %`}</span>
        </span>
        <span class="last">{session.last_line ? `“${session.last_line}”` : texts.nothingSaid}</span>
      </a>
    </li>
  );
}
