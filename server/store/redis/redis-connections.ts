import type { Logger } from "../../observe/logger.ts";
import { pause } from "../../runtime/pause.ts";
import { withTimeout } from "../../runtime/with-timeout.ts";
import {
  commandTimeoutMs,
  isLate,
  isLoading,
  isPassing,
  isReplica,
  messageOf,
  refusalOf,
  unreachable,
} from "./redis-answer.ts";
import {
  connectAnew,
  createRedisClient,
  logOutages,
  type RedisClient,
  type RedisOptions,
  replaceWhenSilent,
  swallowErrors,
} from "./redis-client.ts";
import { RefusalLog } from "./refusal-log.ts";
import { type Command, ServerIdentity } from "./server-identity.ts";
import { ServerReviews } from "./server-reviews.ts";

/** Connections to Redis, one per purpose: a subscriber cannot send commands, and a large reply delays all behind it. */
export interface RedisConnections {
  /** For announcements of logs. */
  subscriber: RedisClient;
  /** For the Socket.IO adapter. Its commands never reject, since the adapter would not catch the error. */
  adapterPublisher: RedisClient;
  adapterSubscriber: RedisClient;
  /** Whether Redis replies on all connections. */
  readonly isReady: boolean;
  /** Redis has not replied for longer than the time limit of a command, so it is useless to wait for it. */
  readonly isAway: boolean;
  /** The number of messages to other instances that were lost because Redis did not accept them. */
  readonly lostMessages: number;
  /** Redis refuses commands for a reason that lasts and that is in the log. */
  readonly isRefusing: boolean;
  /** Faults in the configuration of Redis, as sentences. */
  readonly warnings: readonly string[];
  /** To be called with errors of commands on {@link subscriber}. */
  failed(error: unknown): void;
  /**
   * Runs a command that is idempotent. It is sent again after a temporary error and after a lost connection, on which it
   * may have been executed or not. Rejects with `unavailable` if it does not succeed within 1.5 s.
   */
  attempt<T>(command: Command<T>): Promise<T>;
  /** The time of the Redis server in milliseconds since 1970, accurate to the latency of a reply. */
  now(): number;
  /**
   * Adds a listener that is called when Redis works again after a connection was lost or a command timed out. Messages
   * that were published in the meantime may not have arrived, and commands may not have been executed.
   */
  onRestored(listener: () => void): void;
  close(): Promise<void>;
}

/** How long a command may take while Redis is known not to reply. */
const troubledTimeoutMs = 200;
const retryMs = 50;
const leaveEveryMs = 1_000;
const startTimeoutMs = 5_000;
const closeTimeoutMs = 500;

/** Connects. If Redis cannot be used, rejects with a message that names the setting and the reason. */
export async function connectToRedis(options: RedisOptions): Promise<RedisConnections> {
  const { logger } = options;
  const commands = createRedisClient(options, true);
  const subscriber = createRedisClient(options, false);
  const adapterPublisher = createRedisClient(options, true);
  const adapterSubscriber = createRedisClient(options, false);
  const clients = { commands, subscriber, adapterPublisher, adapterSubscriber };

  let lostMessages = 0;
  let isClosed = false;
  let lastError: unknown;
  const refusals = new RefusalLog(logger, () => restoring === undefined);
  const noteError = (error: unknown) => {
    lastError = error;
    refusals.note(error);
  };
  const reviews = new ServerReviews(options);
  const life = new ServerIdentity(commands, { asked: reviews.add, failed: noteError, redisMs: options.redisMs });

  // Restoring
  const restored: (() => void)[] = [];
  let restoring: Promise<void> | undefined;
  let troubledSince = Number.POSITIVE_INFINITY;
  let isTroubledAgain = false;
  const troubled = () => {
    isTroubledAgain = true;
    troubledSince = Math.min(troubledSince, performance.now());
    restoring ??= restore();
  };
  const restore = async () => {
    while (!isClosed) {
      isTroubledAgain = false;
      const isUp = Object.values(clients).every(({ isReady }) => isReady) && (await answers());
      if (isUp && !isTroubledAgain) break;
      await pause(retryMs);
    }
    restoring = undefined;
    troubledSince = Number.POSITIVE_INFINITY;
    if (!isClosed) for (const listener of restored) listener();
  };
  /** A connection is not enough: a server that is loading its data accepts connections, but replies to no command. */
  const answers = async () => {
    try {
      const until = performance.now() + commandTimeoutMs;
      await withTimeout(
        life.send((client) => client.ping(), until),
        commandTimeoutMs,
      );
      return true;
    } catch (error) {
      noteError(error);
      return false;
    }
  };

  /** Reconnects after a failover: the address then leads to the new primary, but open connections do not. */
  let leftReplicaAt = Number.NEGATIVE_INFINITY;
  const leaveReplica = () => {
    if (isClosed || performance.now() - leftReplicaAt < leaveEveryMs) return;
    leftReplicaAt = performance.now();
    // If the address still leads to the replica, its next refusal causes another attempt.
    for (const client of Object.values(clients)) connectAnew(client);
    troubled();
  };

  const stopWatching = [() => life.close(), () => refusals.close()];
  for (const [purpose, client] of Object.entries(clients)) {
    logOutages(client, purpose, logger);
    client.on("error", noteError);
    client.on("error", troubled);
    client.on("ready", troubled);
    stopWatching.push(replaceWhenSilent(client));
  }
  const destroyAll = () => {
    isClosed = true;
    for (const stop of stopWatching) stop();
    // Includes connections that were closed gracefully and still wait for replies.
    for (const client of Object.values(clients)) client.destroy();
  };
  try {
    const connected = Promise.all(Object.values(clients).map((client) => client.connect())).then(() => restoring);
    await untilStarted(connected, () => isLoading(lastError), logger);
  } catch (cause) {
    destroyAll();
    const reason = messageOf(lastError ?? cause);
    throw new Error(`REDIS_URL: cannot connect to ${withoutSecret(options.url)}: ${reason}`, { cause });
  }

  const [fault] = reviews.latest.faults;
  if (fault) {
    destroyAll();
    throw new Error(`REDIS_URL: ${withoutSecret(options.url)} cannot be used: ${fault}`);
  }
  return {
    subscriber,
    adapterPublisher: swallowErrors(adapterPublisher, { failed: refusals.note, lost: () => void lostMessages++ }),
    adapterSubscriber: swallowErrors(adapterSubscriber, { failed: refusals.note }),
    failed: refusals.note,
    get isRefusing() {
      return refusals.isRefusing;
    },
    get warnings() {
      return [...reviews.latest.faults, ...reviews.latest.warnings];
    },
    get isReady() {
      return restoring === undefined && Object.values(clients).every(({ isReady }) => isReady);
    },
    get isAway() {
      return performance.now() - troubledSince > commandTimeoutMs;
    },
    get lostMessages() {
      return lostMessages;
    },
    async attempt(command) {
      // While Redis does not reply, only the first of several commands waits for the full time.
      const until = Math.max(
        performance.now() + troubledTimeoutMs,
        Math.min(performance.now(), troubledSince) + commandTimeoutMs,
      );
      for (;;) {
        try {
          return await withTimeout(life.send(command, until), until - performance.now());
        } catch (error) {
          refusals.note(error);
          if (isReplica(error)) leaveReplica();
          const refusal = refusalOf(error);
          if (refusal) throw refusal;
          // The clock of Redis was set after it was last read.
          if (isLate(error)) life.ask();
          if (isClosed || performance.now() + retryMs >= until) {
            if (!isPassing(error)) troubled();
            throw unreachable();
          }
          await pause(retryMs);
        }
      }
    },
    now: () => life.now(),
    onRestored(listener) {
      restored.push(listener);
    },
    async close() {
      isClosed = true;
      // Waits for the replies to commands that were sent, in case Redis is reachable.
      const closing = Object.values(clients).map((client) => client.close());
      await withTimeout(Promise.allSettled(closing), closeTimeoutMs).catch(() => {});
      destroyAll();
    },
  };
}

/** Waits for the connections: without limit while Redis loads its data, else for five seconds. */
async function untilStarted(started: Promise<unknown>, isLoading: () => boolean, logger: Logger): Promise<void> {
  let isTold = false;
  let since = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      if (isLoading()) {
        since = performance.now();
        if (!isTold) logger.info("Redis is loading its data: waiting");
        isTold = true;
      } else if (performance.now() - since > startTimeoutMs) reject(new Error("timed out"));
    }, retryMs);
  });
  await Promise.race([started, late]).finally(() => clearInterval(timer));
}

function withoutSecret(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}
