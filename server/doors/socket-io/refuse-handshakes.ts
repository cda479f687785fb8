import type { IncomingMessage, ServerResponse } from "node:http";
import type { Drain } from "../../connect/drain.ts";
import { refuseUpgrade } from "../wire/refuse-upgrade.ts";
import type { SocketIoServer } from "./socket-io-server.ts";

/**
 * Refuses clients of Socket.IO 2 and older, with a text that says so.
 *
 * A stopping instance refuses handshakes, and requests of sessions that other instances have, with HTTP status 503: a
 * proxy sends them to another instance and the client does not notice. The library's own refusals have status 400 or
 * 403, which proxies pass on to the client.
 */
export function refuseHandshakes({ engine }: SocketIoServer, drain: Drain): void {
  // Part of the library's documented interface, though not of its types.
  const { clients } = engine as unknown as { clients: Record<string, unknown> };
  engine.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
    const query = new URLSearchParams(request.url?.split("?")[1]);
    const session = query.get("sid");
    if (session === null && query.get("EIO") !== "4") return refuseOldClient(request, response);
    if (!drain.started) return next();
    if (session !== null && Object.hasOwn(clients, session)) return next();
    if (request.headers.upgrade !== undefined) return refuseUpgrade(request.socket, 503, "Service Unavailable");
    response.writeHead(503, { Connection: "close", "Content-Type": "text/plain" }).end("This instance is stopping.");
  });
}

/** As the library answers long polling. At a WebSocket it would not answer at all. */
const oldClient = JSON.stringify({
  code: 5,
  message: "Unsupported protocol version: the client needs Socket.IO 3 or 4 (EIO=4).",
});

function refuseOldClient({ headers, socket }: IncomingMessage, response: ServerResponse): void {
  if (headers.upgrade !== undefined) return refuseUpgrade(socket, 400, "Bad Request", oldClient, "application/json");
  response.writeHead(400, { "Content-Type": "application/json" }).end(oldClient);
}
