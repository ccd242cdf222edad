import { archetypes, calls } from './calls.mjs';

const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const CARD_MS = 25_000;

/** Plays a scripted call into a session; `pace` 1 is a natural speed. */
export async function play(session, { pace = 1 } = {}) {
  const script = calls[session.language];
  const open = new Map();
  let clock = 0;
  session.publish({ type: 'presence', watchers: 1 });
  session.publish({ ...cause(0), type: 'stage', stage: 'opening', confidence: 0.9 });
  for (const [index, [speaker, text, finding]] of script.entries()) {
    const utterance = { utterance: `u${index + 1}`, source: 'mic', speaker, language: session.language };
    const start_ms = clock;
    const words = text.split(' ');
    let objection = null;
    for (let count = 3; count < words.length; count += 3) {
      const said = words.slice(0, count).join(' ');
      clock += 1_000;
      session.publish({ type: 'transcript', ...utterance, text: said, final: false, start_ms, end_ms: clock });
      await wait(650 / pace);
      if (session.ended) return;
    }
    clock += 700;
    if (finding) {
      objection = {
        ...cause(index), type: 'objection', id: `o${index}`, category: finding.category,
        status: 'provisional', confidence: 0.74, quote: finding.quote, language: session.language, by: 'instant',
      };
      const interim = { type: 'transcript', ...utterance, text, final: false, start_ms, end_ms: clock };
      session.publish(interim);
      session.publish(objection);
      await wait(500 / pace);
    }
    session.publish({ type: 'transcript', ...utterance, text, final: true, start_ms, end_ms: clock, seq: index + 1 });
    if (finding?.handles) handle(session, open, finding.handles);
    if (objection) {
      open.set(finding.category, { objection, card: raiseCard(session, index, finding) });
      session.publish({ ...objection, status: 'confirmed', confidence: 0.93 });
    }
    figures(session, index, script.length);
    if (finding) await stream(session, `c${index}`, finding.tokens, pace);
    await wait(1_200 / pace);
    if (session.ended) return;
  }
  for (const category of [...open.keys()]) handle(session, open, category);
  end(session, 'next_step');
}

const cause = (index) => ({ utterance: `u${index + 1}`, source: 'mic' });

function raiseCard(session, index, { title, say, ask, facts }) {
  const at = Date.now();
  return session.publish({
    ...cause(index), type: 'card', id: `c${index}`, status: 'open', trigger: { type: 'objection', id: `o${index}` },
    title, say, ask, facts, variant: 'calm', confidence: 0.9, at, expires_at: at + CARD_MS,
  });
}

function handle(session, open, category) {
  const known = open.get(category);
  if (!known) return;
  open.delete(category);
  session.publish({ ...known.objection, status: 'handled', confidence: 0.93 });
  const { offset: _offset, at: _at, ...card } = known.card;
  session.publish({ ...card, status: 'closed', why: 'handled' });
}

async function stream(session, card, text, pace) {
  const suggestion = { type: 'suggestion', card, provider: 'scripted', model: 'scripted', text: '', timing: {}, usage: {} };
  session.publish({ ...suggestion, status: 'started' });
  const began = Date.now();
  await wait(350 / pace);
  const first_token_ms = Date.now() - began;
  for (let start = 0; start < text.length; start += 6) {
    session.publish({ type: 'token', card, start, text: text.slice(start, start + 6) });
    await wait(70 / pace);
    if (session.cancelled === card || session.ended) break;
  }
  const isCancelled = session.cancelled === card;
  session.publish({
    ...suggestion, status: isCancelled ? 'cancelled' : 'done', text: isCancelled ? text.slice(0, 20) : text,
    timing: { first_token_ms, total_ms: Date.now() - began }, usage: { output_tokens: 40, cost_usd: 0.0004 },
  });
}

function figures(session, index, length) {
  const progress = index / length;
  const stages = ['opening', 'discovery', 'objection_handling', 'objection_handling', 'presentation', 'closing'];
  session.publish({ ...cause(index), type: 'stage', stage: stages[index] ?? 'closing', confidence: 0.8 });
  const weights = archetypes.map((_id, at) => (at === 6 ? 1 + 5 * progress : 1 + 0.6 * Math.sin(at + index)));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const ranking = archetypes.map((id, at) => ({ id, p: weights[at] / sum })).sort((a, b) => b.p - a.p);
  session.publish({
    ...cause(index), type: 'archetype', ranking, stable: progress > 0.4 ? 'economizer' : null,
    disc: [['D', 0.15], ['I', 0.2], ['S', 0.2], ['C', 0.45]].map(([id, p]) => ({ id, p })),
    big_five: { openness: 0.1, conscientiousness: 0.5, extraversion: -0.1, agreeableness: 0.2, neuroticism: 0 },
    evidence: index > 0 ? [{ utterance: 'u2', quote: calls[session.language][1][1].slice(0, 40), id: 'economizer', weight: 1.2 }] : [],
  });
  session.publish({
    type: 'metrics', purchase_likelihood: 38 + 9 * index - (index === 1 ? 14 : 0), churn_risk: 42 - 4 * index,
    fun_drive: 3, overnight_value: 6, talk_ratio: 0.44 + 0.05 * Math.sin(index), words_per_minute: 128 + 7 * index,
    longest_monologue_ms: 9_000, open_objections: index % 2,
  });
  if (index === 4) session.publish({ ...cause(index), type: 'nudge', kind: 'talk_ratio', text: 'You talk more than the customer. Ask a question.' });
}

export function end(session, outcome) {
  session.publish({
    type: 'summary', outcome, objections: [{ category: 'price', quote: '…', status: 'handled', answer: '…' }],
    archetype: 'economizer', needs: [{ kind: 'financing', quote: '…' }], next_step: '…', follow_up: '…',
    metrics: {}, cost: { input_tokens: 900, output_tokens: 120, cost_usd: 0.0012 },
  });
  session.publish({ type: 'ended', outcome });
}
