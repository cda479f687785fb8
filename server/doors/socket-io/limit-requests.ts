import type { IncomingMessage, ServerResponse } from "node:http";
import { problemOf } from "../../../shared/http/problem.ts";
import { tooLarge } from "../wire/ending.ts";
import type { EngineConnections } from "./engine-connections.ts";
import type { SocketIoServer } from "./socket-io-server.ts";

/**
 * Limits the bodies of HTTP requests before the library reads them. The library has one limit for all clients,
 * authenticated or not, and reports no reason.
 */
export function limitRequests({ engine }: SocketIoServer, connections: EngineConnections): void {
  engine.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
    if (request.method !== "POST") return next();
    const id = new URLSearchParams(request.url?.split("?")[1]).get("sid") ?? "";
    const atMost = connections.packetBytes(id);
    // Without a length, as some proxies send a body on, the library counts while it reads: then no reason is told.
    if (Number(request.headers["content-length"] ?? 0) <= atMost) return next();
    connections.refuse(id);
    refuse(response, 413, "application/problem+json", JSON.stringify(problemOf(tooLarge(atMost))));
  });
}

function refuse(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { Connection: "close", "Content-Type": type }).end(body);
}
