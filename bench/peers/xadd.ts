import { createClient } from "redis";
import { WebSocketServer } from "ws";

// What it takes to keep a message in Redis and no more: bare `ws`, one XADD a message, and a reply. No order, no
// idempotency, no check, nobody is told.

const redis = createClient({ url: String(process.env.REDIS_URL), commandOptions: { timeout: 0 } });
await redis.connect();
const server = new WebSocketServer({ port: Number(process.env.PORT), host: "127.0.0.1" });

server.on("connection", (socket) => {
  socket.on("message", (data) => {
    const text = String(data);
    const start = text.indexOf("[");
    const id = text.slice(2, start);
    const [, payload] = JSON.parse(text.slice(start)) as [string, { room: string }];
    void redis.xAdd(payload.room, "*", { message: JSON.stringify(payload) }).then(() => {
      socket.send(`43${id}[{"ok":true}]`);
    });
  });
});
