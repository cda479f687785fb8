import { type WebSocket, WebSocketServer } from "ws";

// Rooms by hand over bare `ws`: each message is made once and sent to each member, in the texts of Socket.IO's packets.

const rooms = new Map<string, Set<WebSocket>>();
const server = new WebSocketServer({ port: Number(process.env.PORT), host: "127.0.0.1" }, () =>
  console.log("listening"),
);

server.on("connection", (socket) => {
  socket.on("message", (data) => {
    const text = String(data);
    const start = text.indexOf("[");
    const id = text.slice(2, start);
    const [name, payload] = JSON.parse(text.slice(start)) as [string, string & { room: string }];
    if (name === "join_room") {
      rooms.set(payload, (rooms.get(payload) ?? new Set()).add(socket));
      socket.on("close", () => rooms.get(payload)?.delete(socket));
    } else {
      const frame = Buffer.from(`42${JSON.stringify([name, payload])}`);
      for (const member of rooms.get(payload.room) ?? []) member.send(frame, { binary: false });
    }
    socket.send(`43${id}[{"ok":true}]`);
  });
});
