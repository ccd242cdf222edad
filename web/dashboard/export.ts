/** A call as files to take away. Pure, but for `download`. */
import type { PageWords } from '../shared/page-texts';
import type { Call } from '../shared/store';
import type { Language } from '../shared/taxonomy';
import type { CallNote, RecordedCall, SessionRow } from './api';
import { kindWords } from './summary-words';
import type { DashboardTexts } from './texts';
import { dateAndTime, duration, money } from './times';

interface Wording { texts: DashboardTexts; words: PageWords; language: Language }

export function asJson(call: Call, record: RecordedCall, notes: CallNote[]): string {
  return JSON.stringify({ session: call.session, ...record, notes }, null, 2);
}

/** The summary and the transcript, for a CRM or a wiki. */
export function asMarkdown(
  call: Call, row: SessionRow | null, notes: CallNote[], { texts, words, language }: Wording,
): string {
  const lines: string[] = [];
  const section = (title: string, items: string[]) => {
    if (items.length > 0) lines.push('', `## ${title}`, '', ...items);
  };
  lines.push(`# ${plain(row?.seller || call.session)}: ${words.outcomes[call.outcome ?? 'none']}`, '');
  lines.push(`- ${texts.call}: ${call.session}`);
  if (row) {
    lines.push(`- ${texts.started}: ${dateAndTime(row.started_at, language)}`);
    if (row.ended_at !== null) {
      lines.push(`- ${texts.length}: ${duration(row.ended_at - row.started_at)}`);
    }
    lines.push(`- ${texts.pack}: ${row.pack}, ${row.language}`);
  }
  const { summary } = call;
  if (summary) {
    const { archetype, metrics, cost } = summary;
    lines.push(`- ${words.customer}: ${archetype ? words.archetypes[archetype] : words.notSure}`);
    const likelihood = metrics['purchase_likelihood'];
    if (likelihood !== undefined) lines.push(`- ${texts.likelihood}: ${Math.round(likelihood)} %`);
    if (cost.cost_usd != null) lines.push(`- ${texts.cost}: ${money(cost.cost_usd, language)}`);
    section(texts.nextStep, summary.next_step ? [quoted(summary.next_step)] : []);
    section(texts.objections, summary.objections.map(({ category, status, quote, answer }) => {
      const fate = `**${words.categories[category]}** (${words.statuses[status]})`;
      return `- ${fate}: ${quoted(quote)}${answer ? ` → ${quoted(answer)}` : ''}`;
    }));
    section(texts.needs, summary.needs.map(
      ({ kind, quote }) => `- ${kindWords(kind, words)}: ${quoted(quote)}`,
    ));
    section(texts.followUp, summary.follow_up.split('\n').map((line) => `> ${plain(line)}`));
  }
  section(texts.notes, notes.map(({ author, text }) => `- ${plain(author)}: ${plain(text)}`));
  section(texts.transcript, call.transcript.map(
    ({ speaker, text }) => `**${words.speakers[speaker]}:** ${plain(text)}\n`,
  ));
  return `${lines.join('\n').trimEnd()}\n`;
}

/** Speech is data: what would be markup in Markdown or HTML is escaped, and a line stays a line. */
function plain(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_[\]>#|]/g, '\\$&').replaceAll('<', '&lt;');
}

function quoted(text: string): string {
  return `“${plain(text)}”`;
}

export function download(name: string, type: string, content: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken hold of the blob by the next turn.
  setTimeout(() => URL.revokeObjectURL(url));
}
