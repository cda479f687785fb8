import type { IncomingMessage, ServerResponse } from "node:http";
import type { Drain } from "../../connect/drain.ts";
import { refuseUpgrade } from "../wire/refuse-upgrade.ts";
import type { SocketIoServer } from "./socket-io-server.ts";

/**
 * An instance that is stopping refuses with 503, as HTTP has it: a proxy in front takes the handshake to the next one,
 * and the client notices nothing. The library's own refusals are 400 and 403, and end at the client.
 */
export function refuseHandshakes({ engine }: SocketIoServer, drain: Drain): void {
  engine.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
    if (!drain.started) return next();
    const isNew = !new URLSearchParams(request.url?.split("?")[1]).has("sid");
    if (!isNew) return next();
    if (request.headers.upgrade !== undefined) return refuseUpgrade(request.socket, 503, "Service Unavailable");
    response.writeHead(503, { Connection: "close", "Content-Type": "text/plain" }).end("This instance is stopping.");
  });
}
