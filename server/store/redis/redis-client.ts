import { readFileSync } from "node:fs";
import { RedisClient as Library } from "redis";
import type { Logger } from "../../observe/logger.ts";
import { pause } from "../../runtime/pause.ts";

export interface RedisOptions {
  /** `redis://` or `rediss://`. */
  url: string;
  /** Path of a certificate authority's PEM file, or the PEM itself. */
  caCert?: string | undefined;
  /** Accept any certificate: encrypted, but not proof against somebody in between. */
  tlsInsecure?: boolean;
  /** Refuses a Redis that would silently lose what it has accepted; elsewhere that is a warning. */
  isProduction: boolean;
  logger: Logger;
}

export type RedisClient = ReturnType<typeof createRedisClient>;

/** A connection that answers no ping for so long is given up: a hung server, or a network that swallows everything, closes nothing. */
const silenceMs = 3_000;
const pingEveryMs = 1_000;

/** One class for all connections: `createClient` makes one of 800 methods for each, which takes 70 ms and 1 MB. */
const createClient = Library.factory();

/** A connection that comes back by itself, for ever. `failFast`: commands are refused while it is away, instead of kept. */
export function createRedisClient({ url, caCert, tlsInsecure }: RedisOptions, failFast: boolean) {
  const common = {
    connectTimeout: 2_000,
    // For a handshake that is not answered. See `replaceWhenSilent` for what comes after it.
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

/** Says once that the connection is lost, and once that it is there again. */
export function logOutages(client: RedisClient, purpose: string, logger: Logger): void {
  let isDown = false;
  client.on("error", (error: unknown) => {
    // Every attempt to reconnect fails with an error of its own; the first says it all.
    if (!isDown) logger.warn("Redis: connection lost", { purpose, error });
    isDown = true;
  });
  client.on("ready", () => {
    if (isDown) logger.info("Redis: connected again", { purpose });
    isDown = false;
  });
}

/**
 * Connects anew when pings are not answered. The socket's own timeout is no help: it begins again with everything that
 * is written, and so never ends while there is something to write. Returns how to stop.
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
      // The others tell of their errors; this one is for the answer alone.
      client.ping().then(answered, answered);
    } else if (performance.now() - askedAt > silenceMs) {
      answered();
      connectAnew(client);
    }
  }, pingEveryMs).unref();
  return () => clearInterval(timer);
}

/** Leaves the connection as it is; what waits for an answer on it is rejected. */
export function connectAnew(client: RedisClient): void {
  client.destroy();
  client.connect().catch(() => {});
}

/**
 * The client, but for commands that never reject: the Socket.IO adapter neither waits for them nor catches, and a
 * rejection that nobody catches ends the process. What it publishes may be lost; what it subscribes to is tried until
 * it is there, since it does so once only. `failed` is called with each error, and `lost` for each lost message too.
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
