// What both Node peers do with a publisher's frame: the same as shared.py.
const newest = new Map();

export function event(session, frame) {
  const offset = (newest.get(session) ?? 0) + 1;
  newest.set(session, offset);
  const { utterance, speaker, text, final, start_ms, end_ms, seq } = frame;
  return {
    type: "transcript", session, at: Date.now(), offset, utterance, source: "main",
    speaker, text, final, start_ms, end_ms, language: "en", seq,
  };
}

export const ack = (session, seq) => ({ type: "ack", session, at: Date.now(), seq, stored: "memory" });

export function option(name) {
  const place = process.argv.indexOf(`--${name}`);
  return place < 0 ? "" : process.argv[place + 1];
}
