/** One fake call: offsets, a snapshot, subscribers. It keeps the wire's order, not its promises. */
export class FakeSession {
  constructor(id, { language, pack, seller, epoch = 'fake1' }) {
    Object.assign(this, { id, language, pack, seller, epoch });
    this.events = [];
    this.sockets = new Set();
    this.acked = new Map();
    this.fleeting = { metrics: null, presence: null, interims: new Map(), streaming: {} };
    this.ended = false;
    this.outcome = null;
    this.startedAt = Date.now();
  }

  get offset() {
    return this.events.length;
  }

  publish(event) {
    const whole = { session: this.id, at: Date.now(), ...event };
    if (!['metrics', 'presence', 'token'].includes(event.type) && event.final !== false) {
      whole.offset = this.offset + 1;
      this.events.push(whole);
    }
    if (event.type === 'metrics' || event.type === 'presence') this.fleeting[event.type] = whole;
    if (event.type === 'transcript') {
      if (event.final) this.fleeting.interims.delete(event.utterance);
      else this.fleeting.interims.set(event.utterance, whole);
    }
    if (event.type === 'token') {
      this.fleeting.streaming[event.card] = (this.fleeting.streaming[event.card] ?? '') + event.text;
    }
    if (event.type === 'suggestion' && event.status !== 'started') {
      delete this.fleeting.streaming[event.card];
    }
    if (event.type === 'ended') Object.assign(this, { ended: true, outcome: event.outcome });
    for (const send of this.sockets) send(whole);
    return whole;
  }

  welcome({ after, epoch, source }) {
    const resumed = after !== undefined && epoch === this.epoch && after <= this.offset;
    const { metrics, presence, interims, streaming } = this.fleeting;
    const fleeting = { metrics, presence, interims: [...interims.values()], streaming };
    const welcome = {
      type: 'welcome', session: this.id, at: Date.now(), epoch: this.epoch, offset: this.offset,
      acked: this.acked.get(source) ?? 0, resumed, ended: this.ended, heartbeat_ms: 25_000,
      limits: { frame_bytes: 65_536, text_chars: 8_000, frames_per_s: 100 },
      state: resumed ? fleeting : { ...this.snapshot(), ...fleeting },
      ...(resumed ? {} : { why: after === undefined ? 'new' : 'epoch' }),
    };
    return [welcome, ...(resumed ? this.events.slice(after) : [])];
  }

  snapshot() {
    const newest = (type, key = 'id') =>
      [...new Map(this.events.filter((event) => event.type === type).map((event) => [event[key], event])).values()];
    const last = (type) => this.events.findLast((event) => event.type === type) ?? null;
    const cards = newest('card').filter((card) => card.status === 'open');
    const open = new Set(cards.map((card) => card.id));
    return {
      transcript: this.events.filter((event) => event.type === 'transcript'),
      objections: newest('objection'), signals: newest('signal'), archetype: last('archetype'),
      stage: last('stage'), cards,
      suggestions: newest('suggestion', 'card').filter((event) => open.has(event.card)),
      strategies: {}, ...(this.ended ? { outcome: this.outcome } : {}),
    };
  }

  line() {
    const last = this.events.findLast((event) => event.type === 'transcript');
    const find = (type) => this.events.findLast((event) => event.type === type);
    const { type: _type, session: _session, at: _at, ...metrics } = this.fleeting.metrics ?? {};
    return {
      type: 'session', session: this.id, at: Date.now(), seller: this.seller, pack: this.pack,
      language: this.language, stage: find('stage')?.stage ?? null,
      archetype: find('archetype')?.stable ?? null, metrics, objections: [], last_line: last?.text ?? '',
      started_at: this.startedAt,
    };
  }
}
