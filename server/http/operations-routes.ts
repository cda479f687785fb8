import { Router } from "express";
import type { WebsocketStatus } from "../../shared/http/websocket-status.ts";
import type { Namespace } from "../../shared/namespace.ts";
import type { Drain } from "../connect/drain.ts";
import type { Session } from "../session/session.ts";

export interface OperationsRoutesDeps {
  drain: Drain;
  sessions: Iterable<Session>;
}

/** For the platform: no token is asked for. */
export function createOperationsRoutes({ drain, sessions }: OperationsRoutesDeps): Router {
  const routes = Router();

  /** Up, whatever it can reach. */
  routes.get("/healthz", (_request, response) => void response.json({ status: "ok" }));

  /** Whether new clients should be sent here. */
  routes.get("/readyz", (_request, response) => {
    response.status(drain.started ? 503 : 200).json({ status: drain.started ? "draining" : "ready" });
  });

  routes.get("/api/websocket/status", (_request, response) => {
    response.set("Cache-Control", "no-store").json(websocketStatus(drain, sessions));
  });

  return routes;
}

function websocketStatus(drain: Drain, sessions: Iterable<Session>): WebsocketStatus {
  const rooms = { chat: 0, monitoring: 0, admin: 0, agents: 0 };
  const counted = { "/chat": "chat", "/monitoring": "monitoring", "/admin": "admin", "/agents": "agents" } as const;
  let connections = 0;
  for (const session of sessions) {
    connections++;
    // A plain WebSocket may serve two namespaces and counts in the first, so that the sum is right.
    const [first] = session.namespaces satisfies readonly Namespace[];
    if (first) rooms[counted[first]]++;
  }
  return { status: drain.started ? "draining" : "active", connections, rooms, instances: 1 };
}
