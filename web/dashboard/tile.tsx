import { Component } from 'preact';
import { HandIcon } from '../shared/hand-icon';
import type { PageWords } from '../shared/page-texts';
import type { Language } from '../shared/taxonomy';
import type { SessionEvent } from '../shared/wire';
import { packAndLanguage } from './names';
import type { Need, Reason } from './need';
import { callAddress } from './route';
import { Sparkline } from './sparkline';
import type { DashboardTexts } from './texts';
import { Elapsed } from './times';

const HIGH_TALK = 0.65;
const REASONS_SHOWN = 2;

interface TileProps {
  call: SessionEvent;
  need: Need;
  likelihoods: number[];
  texts: DashboardTexts;
  words: PageWords;
  language: Language;
  skew: number;
}

/** Drawn anew only when its own call changes: of 200 tiles a frame touches a handful. */
export class Tile extends Component<TileProps> {
  override shouldComponentUpdate(next: TileProps): boolean {
    const { call, need, likelihoods, texts } = this.props;
    return (
      call !== next.call || likelihoods !== next.likelihoods || texts !== next.texts ||
      need.level !== next.need.level || reasonsKey(need) !== reasonsKey(next.need)
    );
  }

  override render({ call, need, likelihoods, texts, words, language, skew }: TileProps) {
    const likelihood = call.metrics['purchase_likelihood'];
    const talk = call.metrics['talk_ratio'];
    return (
      <li>
        <a class={`panel tile ${need.level}`} href={callAddress(call.session)}>
          <span class="tile-head">
            <b>{call.seller || call.session}</b>
            <Elapsed since={call.started_at} skew={skew} />
          </span>
          {need.reasons.length > 0 && (
            <span class="reasons">
              {need.reasons.slice(0, REASONS_SHOWN).map((reason) => (
                <span key={reason.kind} class={`reason ${reason.kind}`}>
                  <ReasonWords reason={reason} texts={texts} words={words} skew={skew} />
                </span>
              ))}
            </span>
          )}
          <span class="likelihood">
            <span>
              <b class="figure">{likelihood === undefined ? '–' : `${Math.round(likelihood)} %`}</b>
              <span class="muted">{texts.likelihood}</span>
            </span>
            <Sparkline values={likelihoods} />
          </span>
          <span class="last">{call.last_line ? `“${call.last_line}”` : texts.nothingSaid}</span>
          <span class="facts muted">
            {[
              call.stage && words.stages[call.stage],
              call.archetype ? words.archetypes[call.archetype] : words.notSure,
              packAndLanguage(call, language),
            ].filter(Boolean).join(' · ')}
          </span>
          <span class={`talk muted ${talk !== undefined && talk > HIGH_TALK ? 'high' : ''}`}>
            <span>{texts.talk}</span>
            <span class="track" aria-hidden="true">
              <span style={{ inlineSize: `${(talk ?? 0) * 100}%` }} />
            </span>
            <span>{talk === undefined ? '–' : `${Math.round(talk * 100)} %`}</span>
          </span>
        </a>
      </li>
    );
  }
}

function ReasonWords({ reason, texts, words, skew }: {
  reason: Reason; texts: DashboardTexts; words: PageWords; skew: number;
}) {
  switch (reason.kind) {
    case 'hand':
      return <><HandIcon /> {texts.wantsHelp}{reason.text && `: ${reason.text}`}</>;
    case 'objections':
      return <>{texts.unanswered}: {reason.categories.map((category) => words.categories[category]).join(', ')}</>;
    case 'risk':
      return <>{texts.churn} {reason.percent} %</>;
    case 'fall':
      return <>{texts.fallen} {reason.points}</>;
    case 'silence':
      return <>{texts.silence} <Elapsed since={reason.since} skew={skew} /></>;
    case 'talk':
      return <>{texts.talksMuch} {reason.percent} %</>;
  }
}

function reasonsKey({ reasons }: Need): string {
  return reasons.slice(0, REASONS_SHOWN).map((reason) => Object.values(reason).join(' ')).join('|');
}
