import type { InstanceId } from "../shared/ids.ts";
import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { Leases } from "./dispatch/leases.ts";
import { createMemoryLeases } from "./dispatch/memory-leases.ts";
import { createRedisLeases } from "./dispatch/redis-leases.ts";
import type { Documents } from "./documents/documents.ts";
import { createMemoryDocuments } from "./documents/memory-documents.ts";
import { createRedisDocuments } from "./documents/redis-documents.ts";
import type { LatestUpdates } from "./health/latest-updates.ts";
import { createMemoryLatestUpdates } from "./health/memory-latest-updates.ts";
import { createRedisLatestUpdates } from "./health/redis-latest-updates.ts";
import { createRedisUiEvents } from "./hlink/redis-ui-events.ts";
import { noUiEvents, type UiEvents } from "./hlink/ui-events.ts";
import type { IngestStream } from "./ingest/ingest-stream.ts";
import { createRedisIngestStream } from "./ingest/redis-ingest-stream.ts";
import type { EventLog } from "./log/event-log.ts";
import { createMemoryEventLog } from "./log/memory-event-log.ts";
import { RedisAppending } from "./log/redis-appending.ts";
import { createRedisEventLog } from "./log/redis-event-log.ts";
import type { Logger } from "./observe/logger.ts";
import { createMemoryPresence } from "./presence/memory-presence.ts";
import type { Presence } from "./presence/presence.ts";
import { createRedisPresence } from "./presence/redis-presence.ts";
import { connectToRedis, type RedisConnections } from "./redis/redis-connections.ts";
import { createMemoryRegistry } from "./registry/memory-registry.ts";
import type { Overview } from "./registry/overview.ts";
import { createRedisOverview } from "./registry/redis-overview.ts";
import { createRedisRegistry } from "./registry/redis-registry.ts";
import type { Registry } from "./registry/registry.ts";
import { createMemoryTransactions } from "./transactions/memory-transactions.ts";
import { createRedisTransactions } from "./transactions/redis-transactions.ts";
import type { Transactions } from "./transactions/transactions.ts";

/** One twin of every port that keeps something. */
export interface Store {
  log: EventLog;
  documents: Documents;
  presence: Presence;
  transactions: Transactions;
  leases: Leases;
  registry: Registry & Overview;
  latest: LatestUpdates;
  uiEvents: UiEvents;
  /** With `REDIS_URL`. */
  ingest: IngestStream | undefined;
  /** With `REDIS_URL`. */
  redis: RedisConnections | undefined;
  close(): Promise<void>;
}

/** With `REDIS_URL` the Redis twins, else those in memory. */
export async function openStore(config: Config, clock: Clock, logger: Logger, instanceId: InstanceId): Promise<Store> {
  const { LOG_MAX_EVENTS: maxEvents, LOG_TTL_SECONDS: ttlSeconds, REDIS_URL: url, REDIS_PREFIX: prefix } = config;
  if (url === undefined) {
    const log = createMemoryEventLog({ clock, maxEvents, ttlSeconds });
    const documents = createMemoryDocuments({ clock });
    return {
      log,
      documents,
      transactions: createMemoryTransactions({ documents, log, clock }),
      leases: createMemoryLeases({ clock }),
      presence: createMemoryPresence({ clock }),
      registry: createMemoryRegistry({ instanceId, clock }),
      latest: createMemoryLatestUpdates({ clock }),
      uiEvents: noUiEvents,
      ingest: undefined,
      redis: undefined,
      close: async () => {},
    };
  }

  const { REDIS_CA_CERT: caCert, REDIS_TLS_INSECURE: tlsInsecure, PRESENCE_GRACE_MS: graceMs } = config;
  const redis = await connectToRedis({ url, caCert, tlsInsecure, logger });
  const appending = new RedisAppending({ clock, prefix, maxEvents, ttlSeconds });
  return {
    log: createRedisEventLog({ redis, appending, prefix }),
    documents: createRedisDocuments({ redis, clock, prefix }),
    transactions: createRedisTransactions({ redis, appending, prefix }),
    leases: createRedisLeases({ redis, prefix }),
    presence: createRedisPresence({ redis, clock, prefix, instanceId, graceMs }),
    registry: {
      ...createRedisRegistry({ redis, clock, prefix, instanceId }),
      ...createRedisOverview({ redis, prefix }),
    },
    latest: createRedisLatestUpdates({ redis, clock, prefix }),
    uiEvents: createRedisUiEvents({ redis, prefix, stream: config.REDIS_UI_EVENTS_STREAM, maxEvents }),
    ingest: createRedisIngestStream({ redis, stream: config.REDIS_INGEST_STREAM, instanceId }),
    redis,
    close: () => redis.close(),
  };
}
