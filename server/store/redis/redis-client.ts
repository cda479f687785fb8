import { readFileSync } from "node:fs";
import { RedisClient as Library } from "redis";
import type { Logger } from "../../observe/logger.ts";
import { pause } from "../../runtime/pause.ts";

export interface RedisOptions {
  /** `redis://` or `rediss://`. */
  url: string;
  /** Path of a certificate authority's PEM file, or the PEM itself. */
  caCert?: string | undefined;
  /** Accepts any certificate: the connection is encrypted, but not protected against a man in the middle. */
  tlsInsecure?: boolean;
  /** Refuses to start with a Redis that silently loses accepted data. Outside production that is only a warning. */
  isProduction: boolean;
  logger: Logger;
  /** See `Clock.redisMs`. */
  redisMs?: (() => number) | undefined;
}

export type RedisClient = ReturnType<typeof createRedisClient>;

/** A connection without a reply to a ping for so long is replaced: a hung server or a broken network closes nothing. */
const silenceMs = 3_000;
const pingEveryMs = 1_000;

/** The library's `createClient` builds a class with 800 methods per connection (70 ms, 1 MB). This one is shared. */
const createClient = Library.factory();

/** A connection that reconnects indefinitely. `failFast`: while it is down, commands are rejected instead of queued. */
export function createRedisClient({ url, caCert, tlsInsecure }: RedisOptions, failFast: boolean) {
  const common = {
    connectTimeout: 2_000,
    // Ends a handshake without a reply. After the handshake, `replaceWhenSilent` is in charge.
    socketTimeout: silenceMs,
    // The library's own strategy gives up for good after a socket timeout.
    reconnectStrategy: (retries: number) => Math.min(50 * 2 ** retries, 1_000) + Math.random() * 100,
  };
  const tls = {
    tls: true as const,
    ...(caCert === undefined ? {} : { ca: pemOf(caCert) }),
    ...(tlsInsecure ? { rejectUnauthorized: false } : {}),
  };
  return createClient({
    url,
    socket: url.startsWith("rediss:") ? { ...common, ...tls } : common,
    disableOfflineQueue: failFast,
    // The library's own timeout costs as much as the command; `attempt` bounds the wait.
    commandOptions: { timeout: 0 },
    maintNotifications: "disabled",
  });
}

function pemOf(caCert: string): string {
  if (caCert.includes("-----BEGIN")) return caCert;
  try {
    return readFileSync(caCert, "utf8");
  } catch (cause) {
    throw new Error(`REDIS_CA_CERT: cannot read ${caCert}`, { cause });
  }
}

/** Logs each outage of the connection once, and its end once. */
export function logOutages(client: RedisClient, purpose: string, logger: Logger): void {
  let isDown = false;
  client.on("error", (error: unknown) => {
    // Each attempt to reconnect fails with an error; the first one is enough.
    if (!isDown) logger.warn("Redis: connection lost", { purpose, error });
    isDown = true;
  });
  client.on("ready", () => {
    if (isDown) logger.info("Redis: connected again", { purpose });
    isDown = false;
  });
}

/**
 * Replaces the connection when pings get no reply. The timeout of the socket does not help, since each write restarts
 * it. Returns a function that ends this.
 */
export function replaceWhenSilent(client: RedisClient): () => void {
  let askedAt: number | undefined;
  const answered = () => {
    askedAt = undefined;
  };
  const timer = setInterval(() => {
    if (!client.isReady) return answered();
    if (askedAt === undefined) {
      askedAt = performance.now();
      // An error counts as a reply too; other commands report errors.
      client.ping().then(answered, answered);
    } else if (performance.now() - askedAt > silenceMs) {
      answered();
      connectAnew(client);
    }
  }, pingEveryMs).unref();
  return () => clearInterval(timer);
}

/** Replaces the connection. Commands that wait for a reply are rejected. */
export function connectAnew(client: RedisClient): void {
  client.destroy();
  client.connect().catch(() => {});
}

/**
 * Wraps a client so that its commands never reject. The Socket.IO adapter does not catch their errors, and an uncaught
 * rejection ends the process. Published messages may be lost. A subscription is retried until it succeeds, since the
 * adapter subscribes only once. `failed` is called with each error, and `lost` also for each lost message.
 */
export function swallowErrors(
  client: RedisClient,
  { failed, lost = () => {} }: { failed(error: unknown): void; lost?(): void },
): RedisClient {
  const giveUp = ["unsubscribe", "pUnsubscribe"];
  const goOn = ["subscribe", "pSubscribe"];
  return new Proxy(client, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      const call = async (args: unknown[]) => {
        try {
          return await Reflect.apply(value, target, args);
        } catch (error) {
          failed(error);
          throw error;
        }
      };
      if (key === "publish") return (...args: unknown[]) => call(args).catch(lost);
      if (giveUp.includes(String(key))) return (...args: unknown[]) => call(args).catch(() => 0);
      if (goOn.includes(String(key))) return (...args: unknown[]) => untilDone(target, () => call(args));
      return value.bind(target);
    },
  });
}

async function untilDone(client: RedisClient, run: () => Promise<unknown>): Promise<void> {
  while (client.isOpen) {
    try {
      return void (await run());
    } catch {
      await pause(50);
    }
  }
}
