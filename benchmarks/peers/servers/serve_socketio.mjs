// Node with `socket.io`, with or without its Redis adapter.
import { createAdapter } from "@socket.io/redis-adapter";
import { createServer } from "node:http";
import { createClient } from "redis";
import { Server } from "socket.io";
import { ack, event, option } from "./shared.mjs";

const http = createServer();
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false, pingInterval: 900_000, serveClient: false });
if (option("redis")) {
  const publisher = createClient({ url: option("redis") });
  const subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);
  io.adapter(createAdapter(publisher, subscriber));
}
io.on("connection", (socket) => {
  let session = "";
  socket.on("watch", async (frame) => {
    await socket.join(frame.sessions[0]);
    socket.emit("welcome", {});
  });
  socket.on("hello", (frame) => {
    session = frame.session;
    socket.emit("welcome", {});
  });
  socket.on("transcript", (frame) => {
    io.to(session).emit("event", event(session, frame));
    socket.emit("ack", ack(session, frame.seq));
  });
  socket.on("echo", (frame) => socket.emit("echo", frame));
});
http.listen({ host: "127.0.0.1", port: Number(option("port")), backlog: 2048 });
