import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import { setupWorker } from "@socket.io/sticky";
import type { InstanceId } from "../../shared/ids.ts";
import { codeOf } from "../../shared/rejection.ts";
import { Admission } from "../connect/admission.ts";
import { Connector } from "../connect/connector.ts";
import { Drain } from "../connect/drain.ts";
import { Keepalive } from "../connect/keepalive.ts";
import { Origins } from "../connect/origins.ts";
import { createMemoryBroadcast } from "../deliver/memory-broadcast.ts";
import { Ingest } from "../doors/ingest/ingest.ts";
import { createAdapterBroadcast } from "../doors/socket-io/adapter-broadcast.ts";
import { createSocketIoServer } from "../doors/socket-io/socket-io-server.ts";
import { countEvent } from "../observe/count-event.ts";
import { createCounters } from "../observe/counters.ts";
import type { Logger } from "../observe/logger.ts";
import { createMetricsText } from "../observe/metrics.ts";
import { createHealthUpdates } from "../publish/health-updates.ts";
import { observeWrites } from "../publish/observe-writes.ts";
import type { Publisher } from "../publish/publisher.ts";
import { systemClock } from "../runtime/clock.ts";
import type { Failed } from "../runtime/failed.ts";
import { createMemoryLatestUpdates } from "../store/memory-latest-updates.ts";
import { redisKeys } from "../store/redis/redis-keys.ts";
import { createSocketIoAdapter } from "../store/redis/socket-io-adapter.ts";
import { Closers } from "./closers.ts";
import { type Config, hostOf, limitsOf } from "./config.ts";
import type { Foundation } from "./foundation.ts";
import { listen, listenBacklog, urlOf } from "./listening.ts";
import { openDelivery } from "./open-delivery.ts";
import { openDomain } from "./open-domain.ts";
import { openDoors } from "./open-doors.ts";
import { openIdentity } from "./open-identity.ts";
import { openOperations } from "./open-operations.ts";
import { openRouter } from "./open-router.ts";
import { openStore, type Store } from "./open-store.ts";
import { openTracing } from "./open-tracing.ts";
import { isWholeStore, type Overrides } from "./overrides.ts";

export interface SignalboxServer {
  /** The server's URL, with the actual port. */
  url: string;
  port: number;
  instanceId: InstanceId;
  /** For programs that embed the server: publishes to any room. */
  publisher: Publisher;
  /** Turns the ready state off, refuses new clients, and closes connections over `DRAIN_MS` or the given window. */
  drain(windowMs?: number): Promise<void>;
  /** Closes at once. Accepted events stay in the store. */
  close(): Promise<void>;
}

/** Builds all parts of the server, and listens. If that fails, the parts built so far are closed. */
export async function createServer(
  config: Config,
  logger: Logger,
  overrides: Overrides = {},
): Promise<SignalboxServer> {
  const closers = new Closers();
  try {
    return await build(config, logger, overrides, closers);
  } catch (error) {
    await closers.close();
    throw error;
  }
}

async function build(config: Config, logger: Logger, overrides: Overrides, closers: Closers): Promise<SignalboxServer> {
  const instanceId = randomUUID() as InstanceId;
  const clock = overrides.clock ?? systemClock;
  let redis: Store["redis"];
  const failed: Failed = (operation, error, context) => {
    // A refusal by Redis is in the log already, and the operation succeeds when Redis accepts commands again.
    if (redis?.isRefusing && context.willRetry && codeOf(error) === "unavailable") return;
    logger.warn(`could not ${operation}`, { ...context, error });
  };
  const { spans, eventSpans } = await openTracing({ config, instanceId, logger, closers });
  const base: Foundation = { config, clock, instanceId, logger, closers, spans, failed };

  // Ports
  const openOwnStore = async () => {
    const store = await openStore(config, clock, logger, instanceId);
    closers.add("store", () => store.close());
    return store;
  };
  const store = isWholeStore(overrides) ? overrides : { ...(await openOwnStore()), ...overrides };
  const { documents, latest, time } = store;
  redis = store.redis;

  // The Socket.IO server comes before its door: broadcasts between instances use its adapter
  const counters = createCounters();
  const drain = new Drain();
  const heartbeatIntervalMs = config.HEARTBEAT_INTERVAL_MS;
  const origins = new Origins({
    allowed: config.CORS_ORIGINS,
    allowLocalhost: config.NODE_ENV !== "production",
    trustProxy: config.TRUST_PROXY,
    clock,
    refused: (refusal) => logger.warn("origin refused", { refusal }),
  });
  const admission = new Admission({
    connectionsPerIp: config.LIMIT_CONNECTIONS_PER_IP,
    newPerSecond: config.LIMIT_NEW_CONNECTIONS_PER_SECOND,
    trustProxy: config.TRUST_PROXY,
    clock,
    refused: (reason) => counters.refused.add(reason),
  });
  const io = createSocketIoServer({
    path: config.SOCKET_PATH,
    transports: config.SOCKET_TRANSPORTS,
    admission,
    isStoreAway: () => redis?.isAway ?? false,
    origins,
    heartbeatIntervalMs,
  });
  if (redis) io.adapter(createSocketIoAdapter(redis, redisKeys(config.REDIS_PREFIX, config.REDIS_URL)));
  const local = createMemoryBroadcast();
  const health = createHealthUpdates({
    broadcast: redis ? createAdapterBroadcast(io, local) : local,
    latest,
    delivered: createMemoryLatestUpdates({ time }),
    superseded: () => void counters.superseded++,
    failed,
  });
  closers.add("health updates", () => health.close());

  // From an accepted event to its receivers
  const writes = observeWrites({ ...store, broadcast: health.broadcast }, eventSpans);
  writes.onAccepted((event) => countEvent(event, counters));
  const { log, transactions, broadcast } = writes;
  const domain = openDomain({ ...base, store: { ...store, log, transactions }, broadcast });
  const delivery = openDelivery({
    ...base,
    log,
    domain,
    broadcast,
    health,
    tails: overrides.tails,
    counters,
    eventSpans,
  });
  const { sessions, rooms, waiters, tracing } = delivery;
  writes.onAccepted((event, position) => {
    if (tracing.isActive) tracing.published(event, position);
  });
  // On all instances: it may be this instance whose broadcasts were lost.
  redis?.onRestored(() => broadcast.send({ kind: "recheck" }));

  // Identity and admission
  const identity = openIdentity(config, {
    documents,
    broadcast,
    sessions,
    clock,
    // Issuers write times of day. A single process has only its own, which may be corrected while it runs.
    time: redis ? time : clock,
    logger,
    failed,
  });
  const { verifier, revoked } = identity;
  closers.add("revocations", () => revoked.close());
  const limits = limitsOf(config);
  closers.add("connections", () => sessions.ended());
  const { lostLogLines = () => 0 } = overrides;
  const operations = openOperations({ ...base, store, domain, delivery, broadcast, counters, drain, lostLogLines });
  const { registryPublisher, answered } = operations;
  const router = openRouter({
    ...base,
    limits,
    domain,
    delivery,
    identity,
    operations,
    broadcast,
    counters,
    answered,
  });
  const connector = new Connector({
    verifier,
    sessions,
    rooms,
    drain,
    clock,
    logger,
    instanceId,
    limits,
    heartbeatIntervalMs,
    isJustRevoked: (principal) => revoked.isJustRevoked(principal),
    admit: (session) => registryPublisher.admit(session),
    opened: (session) => operations.opened(session),
  });
  const keepalive = new Keepalive({
    sessions,
    clock,
    heartbeatIntervalMs,
    backlogBytes: config.LIMIT_BACKLOG_BYTES,
    backlogMs: config.LIMIT_BACKLOG_MS,
  });
  closers.add("keepalive", () => keepalive.close());

  // Doors
  if (store.ingest) {
    const ingest = new Ingest({ stream: store.ingest, publications: domain.publications, limits, logger, failed });
    closers.add("ingest", () => ingest.close());
    drain.onStart(() => void ingest.close());
  }
  const isReady = () => redis?.isReady ?? true;
  const warnings = () => redis?.warnings ?? [];
  const { wsEngine, dashboardFolder, gatherMetrics } = overrides;
  const metrics = createMetricsText(operations.metrics, gatherMetrics);
  const entrance = {
    io,
    connector,
    router,
    drain,
    admission,
    origins,
    registryPublisher,
    isReady,
    warnings,
    metrics,
    limits,
    wsEngine,
    dashboardFolder,
  };
  const httpServer = await openDoors({ ...base, ...entrance, log, identity, delivery, counters });
  // Commands under way may still reply before their connection is closed.
  closers.add("commands under way", () => router.idle());
  closers.add("waits for dispatches", () => domain.dispatch.waiters.close());
  closers.add("long polls", () => waiters.close());
  drain.onDrain((afterMs) => waiters.drain(afterMs));
  drain.onDrain((afterMs) => domain.dispatch.waiters.drain(afterMs));
  drain.onStart(() => domain.dispatch.registration.leave());

  const host = hostOf(config);
  if (overrides.isWorker) setupWorker(io);
  else await listen(httpServer, { port: config.PORT, host, backlog: listenBacklog });
  const port = overrides.isWorker ? config.PORT : (httpServer.address() as AddressInfo).port;
  return {
    url: urlOf(host, port),
    port,
    instanceId,
    publisher: domain.publisher,
    drain: (windowMs = config.DRAIN_MS) => drain.start({ sessions, windowMs }),
    close: () => closers.close(),
  };
}
