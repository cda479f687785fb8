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

/** One connection to Redis for each purpose, since a subscriber takes no commands and a big reply holds up the rest. */
export interface RedisConnections {
  /** For announcements of logs. */
  subscriber: RedisClient;
  /** For the Socket.IO adapter, which neither waits for its commands nor catches: none of them rejects. */
  adapterPublisher: RedisClient;
  adapterSubscriber: RedisClient;
  /** Whether Redis answers, on all connections. */
  readonly isReady: boolean;
  /** Redis has not answered for longer than a command may take: there is no use in waiting for it. */
  readonly isAway: boolean;
  /** Messages to other instances that Redis could not take: they are not sent again. */
  readonly lostMessages: number;
  /** Redis refuses commands for a reason that lasts, and the log says which. */
  readonly isRefusing: boolean;
  /** What is wrong with how Redis is set up: a sentence each. */
  readonly warnings: readonly string[];
  /** To be called with what Redis answers on {@link subscriber}, should it refuse. */
  failed(error: unknown): void;
  /**
   * Runs a command that may be sent again: over a connection that is lost meanwhile it may have been carried out or not.
   * Rejects with `unavailable` when it does not come about within 1.5 s.
   */
  attempt<T>(command: Command<T>): Promise<T>;
  /**
   * To be called when Redis answers again after any of the connections was lost, or a command was given up: what was
   * published meanwhile was not heard here, and what was asked meanwhile may not have been answered.
   */
  onRestored(listener: () => void): void;
  close(): Promise<void>;
}

/** How long a command may take while it is known that Redis does not answer. */
const troubledTimeoutMs = 200;
const retryMs = 50;
const leaveEveryMs = 1_000;
const startTimeoutMs = 5_000;
const closeTimeoutMs = 500;

/** Connects, and rejects with a message that says what to mend if Redis cannot be reached at the start. */
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
  const life = new ServerIdentity(commands, { asked: reviews.add, failed: noteError });

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
  /** A server that is still loading is connected to, and answers nothing. */
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

  /** After a failover the address leads to the new one; the connections that there are do not. */
  let leftReplicaAt = Number.NEGATIVE_INFINITY;
  const leaveReplica = () => {
    if (isClosed || performance.now() - leftReplicaAt < leaveEveryMs) return;
    leftReplicaAt = performance.now();
    // What tells of it is the refusal: this is done again until the address leads elsewhere.
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
    // Also those that were closed in good order and still wait for answers.
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
      // Of several commands in a row, all of which fail, only the first one takes its time.
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
          // Its clock has been set since it was read.
          if (isLate(error)) life.ask();
          if (isClosed || performance.now() + retryMs >= until) {
            if (!isPassing(error)) troubled();
            throw unreachable();
          }
          await pause(retryMs);
        }
      }
    },
    onRestored(listener) {
      restored.push(listener);
    },
    async close() {
      isClosed = true;
      // What was sent may still be answered, if there is somebody to answer it.
      const closing = Object.values(clients).map((client) => client.close());
      await withTimeout(Promise.allSettled(closing), closeTimeoutMs).catch(() => {});
      destroyAll();
    },
  };
}

/** Loading takes as long as the data is big; anything else gets five seconds. */
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
