import type { IncomingMessage, ServerResponse } from "node:http";
import type { Drain } from "../../connect/drain.ts";
import { refuseUpgrade } from "../wire/refuse-upgrade.ts";
import type { SocketIoServer } from "./socket-io-server.ts";

/**
 * A stopping instance refuses handshakes, and requests of sessions that other instances have, with HTTP status 503: a
 * proxy sends them to another instance and the client does not notice. The library's own refusals have status 400 or
 * 403, which proxies pass on to the client.
 */
export function refuseHandshakes({ engine }: SocketIoServer, drain: Drain): void {
  // Part of the library's documented interface, though not of its types.
  const { clients } = engine as unknown as { clients: Record<string, unknown> };
  engine.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
    if (!drain.started) return next();
    const session = new URLSearchParams(request.url?.split("?")[1]).get("sid");
    if (session !== null && Object.hasOwn(clients, session)) return next();
    if (request.headers.upgrade !== undefined) return refuseUpgrade(request.socket, 503, "Service Unavailable");
    response.writeHead(503, { Connection: "close", "Content-Type": "text/plain" }).end("This instance is stopping.");
  });
}
