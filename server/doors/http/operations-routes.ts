import { createHash, timingSafeEqual } from "node:crypto";
import type { IRouter } from "express";
import type { ConnectionCounts } from "../../../shared/entities/server-stats.ts";
import type { WebsocketStatus } from "../../../shared/http/websocket-status.ts";
import { bearerToken } from "../../connect/bearer-token.ts";
import type { Drain } from "../../connect/drain.ts";
import { metricsType } from "../../observe/metrics.ts";
import type { RegistryPublisher } from "../../operate/registry-publisher.ts";
import { totalOf } from "../../store/registry/total-of.ts";
import { refuse } from "./problems.ts";

export interface OperationsRoutesDeps {
  drain: Drain;
  registryPublisher: Pick<RegistryPublisher, "counts">;
  /** The text of `/metrics`. */
  metrics(): Promise<string>;
  /** The token for `/metrics`; `undefined`: open to all, or closed in production. */
  metricsToken: string | undefined;
  isProduction: boolean;
  /** Whether the store can be reached. */
  isReady(): boolean;
  /** What is wrong with how the store is set up. */
  warnings(): readonly string[];
}

/** Routes for the platform, without a user's token. */
export function addOperationsRoutes(routes: IRouter, deps: OperationsRoutesDeps): void {
  const { drain, registryPublisher, isReady } = deps;
  /** The process is up; says nothing of its dependencies. */
  routes.get("/healthz", (_request, response) => void response.json({ status: "ok" }));

  /** Whether new clients should be sent here. */
  routes.get("/readyz", (_request, response) => {
    const status = drain.started ? "draining" : isReady() ? "ready" : "store_unavailable";
    response.status(status === "ready" ? 200 : 503).json({ status, ...warned(deps.warnings()) });
  });

  routes.get("/api/websocket/status", async (_request, response) => {
    response.set("Cache-Control", "no-store").json(statusOf(drain, await registryPublisher.counts()));
  });

  /** For Prometheus, with a token of its own. */
  routes.get("/metrics", async (request, response) => {
    assertMayMeasure(bearerToken(request.headers.authorization), deps);
    response
      .set("Cache-Control", "no-store")
      .type(metricsType)
      .send(await deps.metrics());
  });
}

const warned = (warnings: readonly string[]) => (warnings.length > 0 ? { warnings } : {});

function assertMayMeasure(
  given: string | undefined,
  { metricsToken, isProduction }: Pick<OperationsRoutesDeps, "metricsToken" | "isProduction">,
): void {
  if (metricsToken === undefined) {
    if (isProduction) throw refuse("forbidden", "METRICS_TOKEN is not set, so /metrics is closed.");
    return;
  }
  // Hashes have equal length, so that the time of the comparison reveals nothing.
  const hash = (text: string) => createHash("sha256").update(text).digest();
  if (given === undefined || !timingSafeEqual(hash(given), hash(metricsToken))) {
    throw refuse("unauthenticated", "Authorization: Bearer METRICS_TOKEN is required.");
  }
}

function statusOf(drain: Drain, instances: ConnectionCounts[]): WebsocketStatus {
  const rooms = totalOf(instances);
  const connections = Object.values(rooms).reduce((sum, count) => sum + count, 0);
  return { status: drain.started ? "draining" : "active", connections, rooms, instances: instances.length };
}
