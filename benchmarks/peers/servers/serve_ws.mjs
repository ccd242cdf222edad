// Node with `ws`: the event encoded once, a plain send loop.
import { WebSocketServer } from "ws";
import { ack, event, option } from "./shared.mjs";

const watching = new Map();
const server = new WebSocketServer({ host: "127.0.0.1", port: Number(option("port")), perMessageDeflate: false, backlog: 2048 });
const WELCOME = '{"type":"welcome"}';

function watch(socket) {
  socket.once("message", (data) => {
    const session = JSON.parse(data).sessions[0];
    if (!watching.has(session)) watching.set(session, new Set());
    watching.get(session).add(socket);
    socket.on("close", () => watching.get(session).delete(socket));
    socket.send(WELCOME);
  });
}

function publish(socket, session) {
  socket.once("message", () => {
    socket.send(WELCOME);
    socket.on("message", (data) => {
      const frame = JSON.parse(data);
      const encoded = Buffer.from(JSON.stringify(event(session, frame)));
      for (const watcher of watching.get(session) ?? []) watcher.send(encoded, { binary: false });
      socket.send(JSON.stringify(ack(session, frame.seq)));
    });
  });
}

server.on("connection", (socket, request) => {
  if (request.url === "/watch") watch(socket);
  else if (request.url === "/echo") socket.on("message", (data) => socket.send(data, { binary: false }));
  else publish(socket, request.url.slice("/ws/".length));
});
