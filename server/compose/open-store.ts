import type { InstanceId } from "../../shared/ids.ts";
import type { Logger } from "../observe/logger.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Documents } from "../store/documents/documents.ts";
import { createMemoryDocuments } from "../store/documents/memory-documents.ts";
import { createMemoryTransactions } from "../store/documents/memory-transactions.ts";
import { createRedisDocuments } from "../store/documents/redis-documents.ts";
import { createRedisTransactions } from "../store/documents/redis-transactions.ts";
import type { Transactions } from "../store/documents/transactions.ts";
import type { IngestStream } from "../store/ingest-stream.ts";
import type { LatestUpdates } from "../store/latest-updates.ts";
import type { Leases } from "../store/leases.ts";
import type { EventLog } from "../store/log/event-log.ts";
import { createMemoryEventLog } from "../store/log/memory-event-log.ts";
import { RedisAppending } from "../store/log/redis-appending.ts";
import { createRedisEventLog } from "../store/log/redis-event-log.ts";
import { createMemoryLatestUpdates } from "../store/memory-latest-updates.ts";
import { createMemoryLeases } from "../store/memory-leases.ts";
import { createMemoryPresence } from "../store/presence/memory-presence.ts";
import type { Presence } from "../store/presence/presence.ts";
import { createRedisPresence } from "../store/presence/redis-presence.ts";
import { connectToRedis, type RedisConnections } from "../store/redis/redis-connections.ts";
import { redisKeys } from "../store/redis/redis-keys.ts";
import { createRedisIngestStream } from "../store/redis-ingest-stream.ts";
import { createRedisLatestUpdates } from "../store/redis-latest-updates.ts";
import { createRedisLeases } from "../store/redis-leases.ts";
import { createRedisUiEvents } from "../store/redis-ui-events.ts";
import type { ClusterView } from "../store/registry/cluster-view.ts";
import { createMemoryRegistry } from "../store/registry/memory-registry.ts";
import { createRedisClusterView } from "../store/registry/redis-cluster-view.ts";
import { createRedisRegistry } from "../store/registry/redis-registry.ts";
import type { Registry } from "../store/registry/registry.ts";
import { type StoreTime, steadyTime } from "../store/store-time.ts";
import { noUiEvents, type UiEvents } from "../store/ui-events.ts";
import type { Config } from "./config.ts";

/** One implementation of every storage port. */
export interface Store {
  log: EventLog;
  documents: Documents;
  presence: Presence;
  transactions: Transactions;
  leases: Leases;
  registry: Registry & ClusterView;
  latest: LatestUpdates;
  uiEvents: UiEvents;
  time: StoreTime;
  /** With `REDIS_URL`. */
  ingest: IngestStream | undefined;
  /** With `REDIS_URL`. */
  redis: RedisConnections | undefined;
  close(): Promise<void>;
}

/** Opens the Redis implementations with `REDIS_URL`, else those in memory. */
export async function openStore(config: Config, clock: Clock, logger: Logger, instanceId: InstanceId): Promise<Store> {
  const { LOG_MAX_EVENTS: maxEvents, LOG_TTL_SECONDS: ttlSeconds, REDIS_URL: url } = config;
  if (url === undefined) {
    const time = steadyTime(clock);
    const log = createMemoryEventLog({ time, maxEvents, ttlSeconds });
    const documents = createMemoryDocuments({ time });
    return {
      log,
      documents,
      transactions: createMemoryTransactions({ documents, log, time }),
      leases: createMemoryLeases({ time }),
      presence: createMemoryPresence({ time }),
      registry: createMemoryRegistry({ instanceId, time }),
      latest: createMemoryLatestUpdates({ time }),
      uiEvents: noUiEvents,
      time,
      ingest: undefined,
      redis: undefined,
      close: async () => {},
    };
  }

  const { REDIS_CA_CERT: caCert, REDIS_TLS_INSECURE: tlsInsecure, PRESENCE_GRACE_MS: graceMs } = config;
  const redis = await connectToRedis({
    url,
    caCert,
    tlsInsecure,
    logger,
    redisMs: clock.redisMs?.bind(clock),
    isProduction: config.NODE_ENV === "production",
  });
  const keys = redisKeys(config.REDIS_PREFIX, url);
  const appending = new RedisAppending({ keys, maxEvents, ttlSeconds });
  return {
    log: createRedisEventLog({ redis, appending, keys }),
    documents: createRedisDocuments({ redis, keys }),
    transactions: createRedisTransactions({ redis, appending, keys }),
    leases: createRedisLeases({ redis, keys }),
    presence: createRedisPresence({ redis, keys, instanceId, graceMs }),
    registry: {
      ...createRedisRegistry({ redis, keys, instanceId }),
      ...createRedisClusterView({ redis, keys }),
    },
    latest: createRedisLatestUpdates({ redis, keys }),
    uiEvents: createRedisUiEvents({ redis, keys, stream: config.REDIS_UI_EVENTS_STREAM, maxEvents }),
    ingest: createRedisIngestStream({ redis, keys, stream: config.REDIS_INGEST_STREAM, instanceId }),
    time: redis,
    redis,
    close: () => redis.close(),
  };
}
