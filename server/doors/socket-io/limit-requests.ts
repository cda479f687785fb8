import type { IncomingMessage, ServerResponse } from "node:http";
import { problemOf } from "../../../shared/http/problem.ts";
import { tooLarge } from "../wire/ending.ts";
import type { EngineConnections } from "./engine-connections.ts";
import type { SocketIoServer } from "./socket-io-server.ts";

/**
 * Limits what comes with HTTP requests, before the library reads it: that has one limit for all clients, known or not,
 * and keeps it without a word.
 */
export function limitRequests({ engine }: SocketIoServer, connections: EngineConnections): void {
  engine.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
    if (request.method !== "POST") return next();
    const id = new URLSearchParams(request.url?.split("?")[1]).get("sid") ?? "";
    const atMost = connections.packetBytes(id);
    const length = request.headers["content-length"];
    // Browsers and the stock clients say how long a body is.
    if (length === undefined) return refuse(response, 411, "text/plain", "Content-Length is missing.");
    if (Number(length) <= atMost) return next();
    connections.refuse(id);
    refuse(response, 413, "application/problem+json", JSON.stringify(problemOf(tooLarge(atMost))));
  });
}

function refuse(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { Connection: "close", "Content-Type": type }).end(body);
}
