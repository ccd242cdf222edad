/**
 * A scripted server for working on the pages: `npm run build && npm run fake`, port 8100.
 * PORT, PACE (2: twice as fast), TOKEN (then a bearer token is asked for), QUIET=1 (no demo calls).
 * `POST /fake/close?code=4200` closes every socket with that code; `POST /fake/whisper?text=…`.
 */
import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import { packs } from './calls.mjs';
import { FakeSession } from './fake-session.mjs';
import { end, play } from './play.mjs';

const port = Number(process.env.PORT ?? 8100);
const pace = Number(process.env.PACE ?? 1);
const token = process.env.TOKEN ?? null;
const root = fileURLToPath(new URL('../../coach/static', import.meta.url));
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const policy = "default-src 'self'; connect-src 'self' ws: wss:; style-src 'self'; script-src 'self'";

const sessions = new Map();
const walls = new Set();
const sockets = new Set();

function session(id, options) {
  const known = sessions.get(id);
  if (known) return known;
  const fresh = new FakeSession(id, options);
  sessions.set(id, fresh);
  fresh.sockets.add((event) => {
    if (event.type === 'raise_hand' || event.type === 'ended') for (const send of walls) send(event);
    else if (!fresh.ended && ['metrics', 'transcript'].includes(event.type)) {
      for (const send of walls) send(fresh.line());
    }
  });
  return fresh;
}

async function demo(language) {
  for (let round = 1; ; round++) {
    const seller = { pl: 'Marta Zielińska', de: 'Jonas Weber', en: 'Amy Clarke' }[language];
    await play(session(`demo-${language}-${round}`, { language, pack: packs[language], seller }), { pace });
    await new Promise((done) => setTimeout(done, 3_000));
  }
}

const http = createServer((request, response) => {
  const url = new URL(request.url, `http://${request.headers.host}`);
  if (request.method === 'POST' && url.pathname === '/fake/close') {
    for (const socket of sockets) socket.close(Number(url.searchParams.get('code') ?? 4200));
    return response.end();
  }
  if (request.method === 'POST' && url.pathname === '/fake/whisper') {
    const text = url.searchParams.get('text') ?? '';
    for (const one of sessions.values()) if (!one.ended) one.publish({ type: 'whisper', from: 'Ewa', text });
    return response.end();
  }
  if (url.pathname.startsWith('/api/')) return api(request, url, response);
  const name = { '/': 'index.html', '/dashboard': 'dashboard.html' }[url.pathname] ?? normalize(url.pathname);
  const file = join(root, name);
  if (!file.startsWith(root) || !existsSync(file)) return response.writeHead(404).end();
  response.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'text/plain', 'Content-Security-Policy': policy });
  createReadStream(file).pipe(response);
});

function api(request, url, response) {
  const answer = (status, body) =>
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  if (token && request.headers.authorization !== `Bearer ${token}`) return answer(401, {});
  const [, , , id] = url.pathname.split('/');
  if (id === undefined) {
    const rows = [...sessions.values()].map((one) => ({
      id: one.id, seller: one.seller, pack: one.pack, language: one.language,
      status: one.ended ? 'ended' : 'live', outcome: one.outcome, started_at: one.startedAt,
      ended_at: one.ended ? one.events.at(-1).at : null,
    }));
    return answer(200, { sessions: rows.reverse() });
  }
  const one = sessions.get(id);
  return one ? answer(200, { epoch: one.epoch, offset: one.offset, events: one.events }) : answer(404, {});
}

const server = new WebSocketServer({ server: http, handleProtocols: () => 'coach.v1' });
server.on('connection', (socket, request) => {
  sockets.add(socket);
  const send = (event) => socket.send(JSON.stringify(event));
  const offered = request.headers['sec-websocket-protocol'] ?? '';
  if (token && !offered.includes(`bearer.${token}`)) return socket.close(4001);
  const { pathname } = new URL(request.url, 'http://fake');
  const takes = pathname === '/watch' ? watcher(send) : conversation(pathname.split('/')[2], send);
  socket.on('message', (text) => takes.frame(JSON.parse(text)));
  socket.on('close', () => {
    sockets.delete(socket);
    takes.close();
  });
});

function watcher(send) {
  const left = [];
  const frame = (message) => {
    if (message.type === 'ping') send({ type: 'pong', t: message.t });
    if (message.type === 'whisper') sessions.get(message.session)?.publish({ type: 'whisper', from: 'Ewa', text: message.text });
    if (message.type !== 'watch') return;
    if (message.sessions === '*') {
      walls.add(send);
      for (const one of sessions.values()) if (!one.ended) send(one.line());
      return;
    }
    for (const id of message.sessions) {
      const one = sessions.get(id);
      if (!one) continue;
      for (const event of one.welcome({ after: message.after?.[id], epoch: message.epochs?.[id] })) send(event);
      one.sockets.add(send);
      left.push(() => one.sockets.delete(send));
    }
  };
  return { frame, close: () => { walls.delete(send); left.forEach((leave) => leave()); } };
}

function conversation(id, send) {
  let one = null;
  let source = 'main';
  const frame = (message) => {
    if (message.type === 'hello') {
      source = message.source ?? source;
      const language = ['pl', 'de', 'en'].includes(message.language) ? message.language : 'en';
      one = session(id, { language, pack: message.pack ?? 'general', seller: 'you' });
      for (const event of one.welcome({ ...message, source })) send(event);
      one.sockets.add(send);
    } else if (message.type === 'ping') send({ type: 'pong', t: message.t });
    else if (message.type === 'raise_hand') one.publish({ type: 'raise_hand', text: message.text ?? null });
    else if (message.type === 'cancel') one.cancelled = message.card;
    else if (message.type === 'end') end(one, message.outcome ?? null);
    else if (message.type === 'transcript' && message.final) {
      const { type, ...line } = message;
      one.publish({ type, ...line, source, language: one.language });
      one.acked.set(source, message.seq);
      send({ type: 'ack', session: id, at: Date.now(), seq: message.seq, stored: 'memory' });
    }
  };
  return { frame, close: () => one?.sockets.delete(send) };
}

http.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}`));
if (!process.env.QUIET) for (const language of ['pl', 'de', 'en']) void demo(language);
