import { commands } from "../../shared/commands/catalogue.ts";
import { disconnectReasons } from "../../shared/disconnect-reason.ts";
import type { RoomName } from "../../shared/room.ts";
import type { Drain } from "../connect/drain.ts";
import type { Broadcast } from "../deliver/broadcast.ts";
import type { Counters } from "../observe/counters.ts";
import { Metrics } from "../observe/metrics.ts";
import { Rates } from "../observe/rates.ts";
import { AdminActions } from "../operate/admin-actions.ts";
import { EventTraces } from "../operate/event-traces.ts";
import { KickedConnections } from "../operate/kicked-connections.ts";
import { countOf, RegistryPublisher } from "../operate/registry-publisher.ts";
import { readRoom } from "../operate/room-view.ts";
import { publishStats, readStats } from "../operate/stats.ts";
import type { MeasuringDeps } from "../route/middleware.ts";
import { timestampOf } from "../runtime/clock.ts";
import type { Session } from "../session/session.ts";
import type { Foundation } from "./foundation.ts";
import type { Delivery } from "./open-delivery.ts";
import type { Domain } from "./open-domain.ts";
import type { Store } from "./open-store.ts";

interface OperationsDeps extends Foundation {
  store: Omit<Store, "close">;
  domain: Domain;
  delivery: Delivery;
  broadcast: Broadcast;
  counters: Counters;
  drain: Drain;
  lostLogLines(): number;
}

export type Operations = ReturnType<typeof openOperations>;

/** Opens metrics, the registry, statistics, event traces and admin actions. */
export function openOperations(deps: OperationsDeps) {
  const { config, store, domain, delivery, broadcast, counters, drain, instanceId, clock, logger, closers, failed } =
    deps;
  const { registry, redis } = store;
  const { tracing, sessions, rooms, subscriptions, roomCounts } = delivery;

  const rates = new Rates(counters);
  const startedAt = timestampOf(clock);
  const registryPublisher = new RegistryPublisher({
    registry,
    sessions,
    instanceId,
    roomCounts,
    roomsOf: (session) => rooms.countOf(session) + subscriptions.countOf(session),
    describe: () => ({
      status: drain.started ? "draining" : "active",
      startedAt,
      memoryBytes: process.memoryUsage.rss(),
      ...rates.current,
      ...(redis && redis.warnings.length > 0 ? { warnings: [...redis.warnings] } : {}),
    }),
    connectionsPerUser: config.LIMIT_CONNECTIONS_PER_USER,
    failed,
  });
  redis?.onRestored(() => registryPublisher.markDirty());
  closers.add("registry", () => registryPublisher.close());
  closers.add("statistics", publishStats({ clusterView: registry, sessions, clock, failed }));

  const metrics = new Metrics({
    counters,
    lostLogLines: deps.lostLogLines,
    connections: () => countOf(sessions),
    *backlogs() {
      for (const session of sessions) yield session.transport.backlogBytes();
    },
    rooms: () => roomCounts.size,
    agents: () => domain.dispatch.leaseSweeper.verdicts,
    dispatches: {
      inFlight: () => domain.dispatch.leaseSweeper.inFlight,
      open: () => store.leases.size("dispatches"),
    },
    redis: redis && {
      get isReady() {
        return redis.isReady;
      },
      get lostMessages() {
        return redis.lostMessages;
      },
      ping: () => redis.attempt((client) => client.ping()),
    },
  });
  closers.add("metrics", () => metrics.close());
  redis?.onRestored(() => {
    counters.redisRestored++;
  });
  const countClosed = (session: Session) => counters.closed.add(reasonOf(session));
  const opened = (session: Session) => {
    counters.opened.add(session.door);
    session.onClose(countClosed);
  };
  const answered: MeasuringDeps["answered"] = (command, code, milliseconds, session) => {
    metrics.answered(isKnown(command) ? command : "unknown", code, milliseconds);
    if (tracing.isActive) tracing.commanded(session, command, code === "ok" ? null : code, milliseconds);
  };

  const traces = new EventTraces({
    tracing,
    broadcast,
    sessions,
    standingOf: (session, event) => rooms.standingOf(session, event.room) ?? subscriptions.standingOf(session, event),
    instanceId,
    clock,
  });
  closers.add("traces", () => traces.close());
  const setLogLevel = (level: string) => {
    logger.level = level;
  };
  const kicked = new KickedConnections({ documents: store.documents, broadcast, sessions, failed });
  closers.add("kicked connections", () => kicked.close());
  const adminActions = new AdminActions({ broadcast, sessions, clusterView: registry, kicked, setLogLevel });
  const viewed = { ...store, clusterView: registry, clock };
  return {
    metrics,
    isKnown,
    opened,
    answered,
    registryPublisher,
    traces,
    adminActions,
    clusterView: registry,
    readStats: () => readStats(viewed),
    readRoom: (room: RoomName) => readRoom(room, viewed),
  };
}

/** Unknown command names must not become labels: each label would make a time series that is kept for ever. */
const knownCommands = new Set<string>(Object.values(commands).flatMap((table) => Object.keys(table)));
const isKnown = (command: string) => knownCommands.has(command);

/** The server's own reasons; other ends were caused by the client or the network. */
function reasonOf({ endedBy = "" }: Session): string {
  return Object.hasOwn(disconnectReasons, endedBy) ? endedBy : "client";
}
