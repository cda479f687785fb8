import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import type { Server } from "socket.io";
import type { ConnectionLimits } from "../../shared/limits.ts";
import type { Admission } from "../connect/admission.ts";
import type { Connector } from "../connect/connector.ts";
import type { Drain } from "../connect/drain.ts";
import type { Origins } from "../connect/origins.ts";
import { FlushScheduler } from "../deliver/outbox.ts";
import { createEventStreamDoor } from "../doors/event-stream/event-stream-door.ts";
import { serveBelow } from "../doors/http/base-path.ts";
import { createApp } from "../doors/http/create-app.ts";
import { messagesOf } from "../doors/http/messages-of.ts";
import { checkWebSocket } from "../doors/plain-websocket/check-web-socket.ts";
import { createPlainWebSocketDoor } from "../doors/plain-websocket/plain-websocket-door.ts";
import { checkEngine } from "../doors/socket-io/check-engine.ts";
import { createSocketIoDoor } from "../doors/socket-io/socket-io-door.ts";
import type { Counters } from "../observe/counters.ts";
import type { RegistryPublisher } from "../operate/registry-publisher.ts";
import type { Router } from "../route/router.ts";
import { LoopTurns } from "../runtime/loop-turns.ts";
import type { EventLog } from "../store/log/event-log.ts";
import type { Foundation } from "./foundation.ts";
import type { Delivery } from "./open-delivery.ts";
import type { Identity } from "./open-identity.ts";

/** Time for a request to arrive, headers and body: a slow sender would otherwise hold a socket open. */
const slowSenders = { headersTimeout: 15_000, requestTimeout: 60_000, connectionsCheckingInterval: 5_000 };

interface DoorsDeps extends Foundation {
  log: EventLog;
  io: Server;
  connector: Connector;
  router: Router;
  drain: Drain;
  admission: Admission;
  origins: Origins;
  registryPublisher: RegistryPublisher;
  identity: Identity;
  delivery: Delivery;
  counters: Counters;
  limits: ConnectionLimits;
  isReady(): boolean;
  warnings(): readonly string[];
  /** The text of `/metrics`. */
  metrics(): Promise<string>;
  /** Another WebSocket implementation for Engine.IO. */
  wsEngine: unknown;
  /** Another build of the dashboard. */
  dashboardFolder: string | undefined;
}

/** Opens the doors to the router on one HTTP server, which does not listen yet. */
export async function openDoors(deps: DoorsDeps): Promise<HttpServer> {
  const { config, io, delivery, identity, limits, logger, closers, failed, ...common } = deps;
  const { connector, router, drain, admission, origins, clock, counters } = common;
  const backlogBytes = config.LIMIT_BACKLOG_BYTES;
  const eventStreams = createEventStreamDoor({ connector, admission, origins, router, clock, backlogBytes, counters });
  const app = createApp({
    ...common,
    eventStreams,
    logger,
    trustProxy: config.TRUST_PROXY,
    bodyBytes: limits.messageBytes,
    jsonDepth: limits.jsonDepth,
    cookieSessions: identity.cookieSessions,
    secureCookie: config.NODE_ENV === "production",
    metricsToken: config.METRICS_TOKEN,
    isProduction: config.NODE_ENV === "production",
    backChannelLogout: identity.backChannelLogout,
    providers: identity.providers,
    dashboard: config.DASHBOARD_ENABLED
      ? {
          settings: { basePath: config.BASE_PATH, socketPath: config.SOCKET_PATH, hasAdmin: config.ADMIN_ENABLED },
          folder: deps.dashboardFolder,
        }
      : undefined,
    cookiePath: config.BASE_PATH || "/",
  });
  // Longer than any load balancer keeps a connection, so that the server never closes one that is about to be used.
  const httpServer = createHttpServer({ ...messagesOf(app), keepAliveTimeout: 95_000, ...slowSenders }, app);

  const [socketIoParts, wsParts] = await Promise.all([checkEngine(deps.wsEngine), checkWebSocket()]);
  for (const [library, missing] of Object.entries({ "socket.io": socketIoParts, ws: wsParts })) {
    if (missing.length === 0) continue;
    logger.warn("not made as expected: messages go out one by one, by its public methods", { library, missing });
  }
  const written = {
    scheduler: new FlushScheduler({ coalesceMs: config.FANOUT_COALESCE_MS, failed }),
    turns: new LoopTurns(),
    backlogBytes,
    counters,
  };
  const door = { httpServer, connector, router, drain, admission, origins, clock, logger, ...written };
  const socketIo = createSocketIoDoor({
    ...door,
    io,
    direct: socketIoParts.length === 0,
    messageBytes: limits.messageBytes,
    adminEnabled: config.ADMIN_ENABLED,
  });
  closers.add("Socket.IO", () => socketIo.close());
  const plainWebSocket = createPlainWebSocketDoor({
    ...door,
    direct: wsParts.length === 0,
    socketIoPath: config.SOCKET_TRANSPORTS.includes("websocket") ? config.SOCKET_PATH : undefined,
    enabled: config.WEBSOCKET_ENABLED,
    messageBytes: limits.messageBytes,
  });
  closers.add("plain WebSocket", () => plainWebSocket.close());
  closers.add("event streams", () => eventStreams.close());
  delivery.sinks.push(socketIo, plainWebSocket, eventStreams);
  serveBelow(config.BASE_PATH, httpServer);
  return httpServer;
}
