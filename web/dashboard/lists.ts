/** The taxonomy's labels in its order, for what is drawn in that order. */
import type { ArchetypeId, Stage } from '../shared/taxonomy';

export const ARCHETYPES: readonly ArchetypeId[] = [
  'achiever', 'analyst', 'idealist', 'guardian', 'enthusiast', 'innovator', 'economizer', 'sceptic',
];
export const STAGES: readonly Stage[] = [
  'opening', 'discovery', 'presentation', 'objection_handling', 'closing', 'wrap_up',
];
