import { Router } from "express";
import type { ConnectionCounts } from "../../shared/entities/server-stats.ts";
import type { WebsocketStatus } from "../../shared/http/websocket-status.ts";
import type { Drain } from "../connect/drain.ts";
import type { Reporter } from "../registry/reporter.ts";
import { totalOf } from "../registry/total-of.ts";

export interface OperationsRoutesDeps {
  drain: Drain;
  reporter: Pick<Reporter, "counts">;
  /** Whether the store can be reached. */
  isReady(): boolean;
}

/** For the platform: no token is asked for. */
export function createOperationsRoutes({ drain, reporter, isReady }: OperationsRoutesDeps): Router {
  const routes = Router();

  /** Up, whatever it can reach. */
  routes.get("/healthz", (_request, response) => void response.json({ status: "ok" }));

  /** Whether new clients should be sent here. */
  routes.get("/readyz", (_request, response) => {
    const status = drain.started ? "draining" : isReady() ? "ready" : "store_unavailable";
    response.status(status === "ready" ? 200 : 503).json({ status });
  });

  routes.get("/api/websocket/status", async (_request, response) => {
    response.set("Cache-Control", "no-store").json(statusOf(drain, await reporter.counts()));
  });

  return routes;
}

function statusOf(drain: Drain, instances: ConnectionCounts[]): WebsocketStatus {
  const rooms = totalOf(instances);
  const connections = Object.values(rooms).reduce((sum, count) => sum + count, 0);
  return { status: drain.started ? "draining" : "active", connections, rooms, instances: instances.length };
}
