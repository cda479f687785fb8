import { readFileSync } from "node:fs";
import { createClient } from "redis";
import { Rejection } from "../../shared/rejection.ts";
import type { Logger } from "../observe/logger.ts";

export interface RedisOptions {
  /** `redis://` or `rediss://`. */
  url: string;
  /** Path of a certificate authority's PEM file, or the PEM itself. */
  caCert?: string | undefined;
  /** Accept any certificate: encrypted, but not proof against somebody in between. */
  tlsInsecure?: boolean;
  logger: Logger;
}

type Client = ReturnType<typeof createPlainClient>;

/** One connection to Redis for each purpose, since a subscriber takes no commands and a big reply holds up the rest. */
export interface RedisConnections {
  /** For commands. Fails fast while Redis is out of reach. */
  commands: Client;
  /** For announcements of logs. */
  subscriber: Client;
  /** For the Socket.IO adapter; `publish` never rejects, since the adapter neither waits for it nor catches. */
  adapterPublisher: Client;
  adapterSubscriber: Client;
  /** Changes with every life of the Redis server: what it had last may be gone after a restart or a failover. */
  readonly runId: string;
  /** Whether commands can be sent now. */
  readonly isReady: boolean;
  /** Runs a command that may be sent again. Rejects with `unavailable` when it does not come about within 1.5 s. */
  attempt<T>(command: (client: Client) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** How long a command may take in all; the contract says that `unavailable` is answered within 2 s. */
const commandTimeoutMs = 1_500;
const retryMs = 50;
const closeTimeoutMs = 500;
/** A connection that answers no ping for so long is dropped: a hung server closes nothing by itself. */
const pingIntervalMs = 1_000;
const socketTimeoutMs = 3_000;

function createPlainClient({ url, caCert, tlsInsecure }: RedisOptions, failFast: boolean) {
  const common = {
    connectTimeout: 2_000,
    socketTimeout: socketTimeoutMs,
    // The library's own strategy gives up for good after a socket timeout.
    reconnectStrategy: (retries: number) => Math.min(50 * 2 ** retries, 1_000) + Math.random() * 100,
  };
  const tls = {
    tls: true as const,
    ...(caCert === undefined ? {} : { ca: caCert.includes("-----BEGIN") ? caCert : readFileSync(caCert, "utf8") }),
    ...(tlsInsecure ? { rejectUnauthorized: false } : {}),
  };
  return createClient({
    url,
    socket: url.startsWith("rediss:") ? { ...common, ...tls } : common,
    pingInterval: pingIntervalMs,
    disableOfflineQueue: failFast,
    // The library's own timeout costs as much as the command; `attempt` bounds the wait.
    commandOptions: { timeout: 0 },
    maintNotifications: "disabled",
  });
}

/** Connects, and rejects with a message that says what to mend if Redis cannot be reached at the start. */
export async function connectToRedis(options: RedisOptions): Promise<RedisConnections> {
  const { logger } = options;
  const commands = createPlainClient(options, true);
  const subscriber = createPlainClient(options, false);
  const adapterPublisher = createPlainClient(options, true);
  const adapterSubscriber = createPlainClient(options, false);
  const clients = { commands, subscriber, adapterPublisher, adapterSubscriber };

  let runId = "";
  let reading: Promise<void> | undefined;
  const readRunId = async () => {
    const info = await commands.info("server");
    runId = /^run_id:(\w+)/m.exec(info)?.[1] ?? "";
  };
  commands.on("ready", () => {
    reading = readRunId().catch((error: unknown) => void logger.warn("Redis: no run id", { error }));
  });
  for (const [purpose, client] of Object.entries(clients)) {
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
  const destroyAll = () => {
    for (const client of Object.values(clients)) if (client.isOpen) client.destroy();
  };
  try {
    await Promise.race([Promise.all(Object.values(clients).map((client) => client.connect())), tooLate(options.url)]);
    await reading;
  } catch (cause) {
    destroyAll();
    throw new Error(`REDIS_URL: cannot connect to ${withoutSecret(options.url)}: ${messageOf(cause)}`, { cause });
  }

  return {
    ...clients,
    adapterPublisher: neverRejecting(adapterPublisher),
    adapterSubscriber: neverRejecting(adapterSubscriber),
    get runId() {
      return runId;
    },
    get isReady() {
      return commands.isReady && subscriber.isReady;
    },
    attempt: (command) => attempt(() => reading?.then(() => command(commands)) ?? command(commands)),
    async close() {
      // What was sent may still be answered, if there is somebody to answer it.
      const closing = Object.values(clients).map((client) => client.close());
      await within(Promise.allSettled(closing), closeTimeoutMs).catch(() => {});
      destroyAll();
    },
  };
}

/** Tries until the time is up: a command that a lost connection took along may be sent again. */
async function attempt<T>(command: () => Promise<T>): Promise<T> {
  const until = performance.now() + commandTimeoutMs;
  for (;;) {
    try {
      return await within(command(), until - performance.now());
    } catch (error) {
      if (isRefusal(error)) throw refusalOf(error);
      if (performance.now() + retryMs >= until)
        throw new Rejection("unavailable", "The store is out of reach. Try again.");
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}

/** Rejects with `unavailable` when a subscription does not come about in the time that a command has. */
export async function bounded<T>(promise: Promise<T>): Promise<T> {
  try {
    return await within(promise, commandTimeoutMs);
  } catch {
    throw new Rejection("unavailable", "The store is out of reach. Try again.");
  }
}

function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("timed out")), Math.max(0, ms));
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** An answer of Redis itself, as against no answer. */
const isRefusal = (error: unknown): error is Error => error instanceof Error && /^[A-Z]+ /.test(error.message);

function refusalOf(error: Error): Error {
  // Out of memory, loading, or a replica: it refused to write, and nothing was written.
  const passing = /^(OOM|LOADING|READONLY|MASTERDOWN|BUSY|TRYAGAIN|CLUSTERDOWN|MISCONF|NOREPLICAS) /.test(
    error.message,
  );
  return passing ? new Rejection("unavailable", "The store takes nothing now. Try again.") : error;
}

/**
 * The client, but for commands that never reject: the adapter neither waits for them nor catches, and a rejection that
 * nobody catches ends the process.
 */
function neverRejecting(client: Client): Client {
  const uncaught = ["publish", "subscribe", "pSubscribe", "unsubscribe", "pUnsubscribe"];
  return new Proxy(client, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      if (!uncaught.includes(String(key))) return value.bind(target);
      return (...args: unknown[]) => Promise.resolve(Reflect.apply(value, target, args)).catch(() => 0);
    },
  });
}

function tooLate(url: string): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`no answer from ${withoutSecret(url)} within 5 s`)), 5_000).unref();
  });
}

function withoutSecret(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
