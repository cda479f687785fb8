import { afterAll, afterEach } from "@jest/globals";
import { loadConfig } from "../../server/compose/config.ts";
import { openStore as openStoreOf, type Store } from "../../server/compose/open-store.ts";
import { Origins } from "../../server/connect/origins.ts";
import type { Broadcast } from "../../server/deliver/broadcast.ts";
import { createMemoryBroadcast } from "../../server/deliver/memory-broadcast.ts";
import { createAdapterBroadcast } from "../../server/doors/socket-io/adapter-broadcast.ts";
import { createSocketIoServer } from "../../server/doors/socket-io/socket-io-server.ts";
import { createLogger } from "../../server/observe/logger.ts";
import { type Clock, systemClock } from "../../server/runtime/clock.ts";
import { type RedisKeys, redisKeys } from "../../server/store/redis/redis-keys.ts";
import { createSocketIoAdapter } from "../../server/store/redis/socket-io-adapter.ts";
import type { InstanceId } from "../../shared/ids.ts";
import { RedisServer } from "./redis-server.ts";

/** The stores that every suite over a port, and every test of the server, runs with. */
export const stores = ["memory", "redis"] as const;
export type StoreName = (typeof stores)[number];

let redis: Promise<RedisServer> | undefined;
let prefixes = 0;
afterAll(async () => {
  const opened = await redis;
  redis = undefined;
  await opened?.close();
});

/** The Redis that the tests of one file share. */
export function sharedRedis(): Promise<RedisServer> {
  redis ??= RedisServer.start();
  return redis;
}

/** Settings for a store of its own: what one test keeps, another does not see. */
export async function storeEnv(name: StoreName): Promise<Record<string, string>> {
  if (name === "memory") return {};
  return { REDIS_URL: (await sharedRedis()).url, REDIS_PREFIX: `test-${process.pid}-${++prefixes}` };
}

export interface StoreOptions {
  clock?: Clock;
  maxEvents?: number;
  ttlSeconds?: number;
  instanceId?: string;
  /** Settings of a store that another one was opened with. */
  env?: Record<string, string>;
}

/** A store, and how its instances talk. */
export type TestStore = Store & { broadcast: Broadcast };

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});

/** Closed after the test. */
export async function openStore(name: StoreName, options: StoreOptions = {}): Promise<TestStore> {
  const { clock = systemClock, instanceId = "instance", maxEvents = 10_000, ttlSeconds = 604_800 } = options;
  const bounds = { LOG_MAX_EVENTS: String(maxEvents), LOG_TTL_SECONDS: String(ttlSeconds) };
  const config = loadConfig({ NODE_ENV: "test", ...bounds, ...(options.env ?? (await storeEnv(name))) });
  const logger = createLogger({ level: "error", format: "json", write: () => {} });
  const store = await openStoreOf(config, clock, logger, instanceId as InstanceId);
  opened.push(store);
  return { ...store, broadcast: openBroadcast(store, redisKeys(config.REDIS_PREFIX, config.REDIS_URL)) };
}

function openBroadcast({ redis }: Store, keys: RedisKeys): Broadcast {
  const local = createMemoryBroadcast();
  if (!redis) return local;
  const origins = new Origins({ allowed: [], allowLocalhost: true, trustProxy: 0, clock: systemClock, refused() {} });
  const settings = { path: "/socket.io", transports: ["websocket"], heartbeatIntervalMs: 25_000 } as const;
  const io = createSocketIoServer({
    ...settings,
    admission: { refusalOf: () => undefined, begin: (start) => start() },
    isStoreAway: () => false,
    origins,
  });
  io.adapter(createSocketIoAdapter(redis, keys));
  return createAdapterBroadcast(io, local);
}
