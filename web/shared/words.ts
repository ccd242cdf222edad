/** What the pages and the widget call things: the taxonomy's names and the state of the connection. */
import type { ArchetypeId, Category, Outcome, SignalKind, Stage } from './taxonomy';

export interface Words {
  categories: Record<Category, string>;
  signals: Record<SignalKind, string>;
  archetypes: Record<ArchetypeId, string>;
  stages: Record<Stage, string>;
  outcomes: Record<Outcome | 'none', string>;
  connection: {
    connecting: string;
    live: string;
    offline: string;
    stopped: string;
  };
  customer: string;
  notSure: string;
  evidence: string;
}
