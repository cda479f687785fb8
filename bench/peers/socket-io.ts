import { createSecretKey } from "node:crypto";
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import { createAdapter as createStreamsAdapter } from "@socket.io/redis-streams-adapter";
import jwt from "jsonwebtoken";
import { createClient } from "redis";
import { Server } from "socket.io";
import { secret } from "../load/dialects.ts";

// Socket.IO as its manual shows it, with or without one of its Redis adapters. With `CHECK_TOKENS` it asks for a token, as
// we do. With `REDIS_STREAMS` it keeps what it sends, and who comes back within two minutes gets what was missed.

const key = createSecretKey(Buffer.from(secret));
const httpServer = createServer();
const io = new Server(httpServer, {
  transports: ["websocket"],
  ...(process.env.REDIS_STREAMS && { connectionStateRecovery: {} }),
});

if (process.env.REDIS_URL && process.env.REDIS_STREAMS) {
  // The adapter takes what XREAD answers in the older of Redis' two protocols.
  const client = createClient({ url: process.env.REDIS_URL, RESP: 2 });
  await client.connect();
  io.adapter(createStreamsAdapter(client));
} else if (process.env.REDIS_URL) {
  const publisher = createClient({ url: process.env.REDIS_URL });
  const subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);
  io.adapter(createAdapter(publisher, subscriber));
}
if (process.env.CHECK_TOKENS) {
  io.use((socket, next) => {
    try {
      socket.data = jwt.verify(socket.handshake.auth.token, key, { algorithms: ["HS256"] });
      next();
    } catch {
      next(new Error("unauthenticated"));
    }
  });
}

type Ack = (reply: { ok: boolean }) => void;

io.on("connection", (socket) => {
  socket.on("join_room", (room: string, ack: Ack) => {
    void socket.join(room);
    ack({ ok: true });
  });
  socket.on("chat_message", (message: { room: string }, ack: Ack) => {
    io.to(message.room).emit("chat_message", message);
    ack({ ok: true });
  });
});

httpServer.listen(
  { port: Number(process.env.PORT), host: "127.0.0.1", backlog: Number(process.env.BACKLOG ?? 511) },
  () => console.log("listening"),
);
