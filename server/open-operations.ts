import type { InstanceId } from "../shared/ids.ts";
import type { RoomName } from "../shared/room.ts";
import { Orders } from "./admin/orders.ts";
import { readRoom } from "./admin/room-view.ts";
import { readStats, tellStats } from "./admin/stats.ts";
import { type Clock, timestampOf } from "./clock.ts";
import type { Closers } from "./closers.ts";
import type { Config } from "./config.ts";
import type { Drain } from "./connect/drain.ts";
import type { Broadcast } from "./deliver/broadcast.ts";
import type { Counters } from "./observe/counters.ts";
import type { Logger } from "./observe/logger.ts";
import { Rates } from "./observe/rates.ts";
import type { Following } from "./open-following.ts";
import type { Store } from "./open-store.ts";
import { Reporter } from "./registry/reporter.ts";

export interface OperationsDeps {
  config: Config;
  store: Omit<Store, "close">;
  following: Following;
  broadcast: Broadcast;
  counters: Counters;
  drain: Drain;
  instanceId: InstanceId;
  clock: Clock;
  logger: Logger;
  closers: Closers;
  failed(error: unknown): void;
}

export type Operations = ReturnType<typeof openOperations>;

/** What operators see of the instances, and what they make them do. */
export function openOperations(deps: OperationsDeps) {
  const { config, store, following, broadcast, counters, drain, instanceId, clock, logger, closers, failed } = deps;
  const { registry, redis } = store;
  const { sessions, rooms, subscriptions, roomCounts } = following;

  const rates = new Rates(counters);
  const startedAt = timestampOf(clock);
  const reporter = new Reporter({
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
    }),
    connectionsPerUser: config.LIMIT_CONNECTIONS_PER_USER,
    failed,
  });
  redis?.onRestored(() => reporter.doubt());
  closers.add("registry", () => reporter.close());
  closers.add("statistics", tellStats({ overview: registry, sessions, clock, failed }));

  const setLogLevel = (level: string) => {
    logger.level = level;
  };
  const orders = new Orders({ broadcast, sessions, overview: registry, setLogLevel });
  const viewed = { ...store, overview: registry, clock };
  return {
    reporter,
    orders,
    overview: registry,
    readStats: () => readStats(viewed),
    readRoom: (room: RoomName) => readRoom(room, viewed),
  };
}
