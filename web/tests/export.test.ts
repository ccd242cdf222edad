import { describe, expect, it } from 'vitest';
import { asJson, asMarkdown } from '../dashboard/export';
import { applyRecord, openCall } from '../dashboard/opened-call';
import { dashboardTexts } from '../dashboard/texts';
import { pageWordsIn } from '../shared/page-texts';
import type { SummaryEvent } from '../shared/wire';
import { final } from './events';

const summary: SummaryEvent = {
  type: 'summary', session: 'call-1', at: 9_000, offset: 2, outcome: 'next_step',
  objections: [{ category: 'price', quote: 'too *expensive*', status: 'handled', answer: 'By month?' }],
  archetype: 'analyst', needs: [{ kind: 'timeline', quote: 'by May' }], next_step: 'call on Monday',
  follow_up: 'Subject\n\nDear all', metrics: { purchase_likelihood: 61.4 }, cost: { cost_usd: 0.0123 },
};
const speech = 'a\n# heading <img src=x onerror=alert(1)> [link](http://x)';
const record = {
  epoch: 'e1', offset: 3,
  events: [
    final(1, { text: speech }), summary,
    { type: 'ended' as const, session: 'call-1', at: 9_000, offset: 3, outcome: 'next_step' as const },
  ],
};
const { call } = applyRecord(openCall('call-1'), record, 0);
const notes = [{ id: 1, author: 'ewa', text: 'well done', offset: null, at: 1 }];
const row = {
  id: 'call-1', seller: 'Anna', pack: 'ev', language: 'pl' as const, status: 'ended' as const,
  outcome: 'next_step' as const, started_at: 0, ended_at: 65_000,
};
const wording = (language: 'en' | 'de' | 'pl') =>
  ({ texts: dashboardTexts(language), words: pageWordsIn(language), language });

describe('a call to take along', () => {
  it('reads as a page', () => {
    const page = asMarkdown(call, row, notes, wording('en'));
    for (const part of ['# Anna: Next step agreed', '- Length: 1:05', '61 %', '**Price** (handled)', '“By month?”',
      'Asks when: “by May”', '> Dear all', '- ewa: well done', '0.0123 USD']) {
      expect(page).toContain(part);
    }
    expect(asMarkdown(call, row, [], wording('pl'))).toContain('## Obiekcje');
  });

  it('has no markup that was spoken', () => {
    const page = asMarkdown(call, row, notes, wording('en'));
    expect(page).not.toMatch(/^# heading/m);
    expect(page).not.toContain('<img');
    expect(page).not.toContain('[link](');
    expect(page).toContain('too \\*expensive\\*');
  });

  it('has every event as JSON', () => {
    const found = JSON.parse(asJson(call, record, notes)) as { events: unknown[]; notes: unknown[] };
    expect([found.events.length, found.notes.length]).toEqual([3, 1]);
  });
});
