import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";
import { afterEach } from "@jest/globals";

const opened: { server: Server; sockets: Set<Socket> }[] = [];
afterEach(async () => {
  for (const { server, sockets } of opened.splice(0)) {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  }
});

/** Has a server listen on a port of its own until the test is over, when its connections are cut. Resolves with its URL. */
export async function listening(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  opened.push({ server, sockets });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
