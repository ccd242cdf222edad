import type { ArchetypeId } from './taxonomy';
import type { Words } from './words';
import type { ArchetypeEvent } from './wire';

interface ArchetypeProps { archetype: ArchetypeEvent | null; words: Words }

/** Bars keep the taxonomy's order, so that none jumps while the call runs. */
export function ArchetypeView({ archetype, words }: ArchetypeProps) {
  const shares = new Map(archetype?.ranking.map(({ id, p }) => [id, p]));
  const stable = archetype?.stable ?? null;
  return (
    <section class="archetype" part="archetype">
      <h2>
        {words.customer}: <b>{stable ? words.archetypes[stable] : words.notSure}</b>
        {archetype && <Disc archetype={archetype} />}
      </h2>
      <ul class="bars">
        {(Object.keys(words.archetypes) as ArchetypeId[]).map((id) => (
          <li key={id} class={id === stable ? 'stable' : ''}>
            <span>{words.archetypes[id]}</span>
            <span class="track" aria-hidden="true">
              <span style={{ inlineSize: `${(shares.get(id) ?? 0) * 100}%` }} />
            </span>
            <span class="value">{archetype ? `${Math.round((shares.get(id) ?? 0) * 100)} %` : '–'}</span>
          </li>
        ))}
      </ul>
      {archetype && archetype.evidence.length > 0 && (
        <details>
          <summary>{words.evidence} ({archetype.evidence.length})</summary>
          <ul>
            {archetype.evidence.map(({ utterance, quote, id }) => (
              <li key={`${utterance} ${quote} ${id}`}>
                “{quote}” <span class="hint">{words.archetypes[id]}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function Disc({ archetype }: { archetype: ArchetypeEvent }) {
  const best = archetype.disc.reduce((top, share) => (share.p > top.p ? share : top));
  return (
    <span class="disc" role="img" aria-label={`DISC ${best.id}`}>
      {(['D', 'I', 'S', 'C'] as const).map((letter) => (
        <span key={letter} class={letter === best.id ? 'stable' : ''}>{letter}</span>
      ))}
    </span>
  );
}
