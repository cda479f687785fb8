import type { LogName } from "../../shared/room.ts";
import type { RedisConnections } from "../redis/redis-connections.ts";
import type { Appended } from "./event-log.ts";
import type { Addition, RedisAppending } from "./redis-appending.ts";
import { appendingScript } from "./redis-log-scripts.ts";

interface Waiting extends Addition {
  resolve(appended: Appended): void;
  reject(error: unknown): void;
}

interface Queue {
  waiting: Waiting[];
  isSending: boolean;
}

/** Redis does nothing else while a script runs: this much takes it a millisecond or two. */
const mostAtOnce = { events: 200, characters: 1_000_000 };

const append = appendingScript("return appendEvents()");

/**
 * What one turn of the event loop brings for a log goes to Redis in one call, and while a call is under way the next one
 * gathers: the more there is to do, the less each append costs.
 */
export class RedisAppendQueue {
  readonly #redis: RedisConnections;
  readonly #appending: RedisAppending;
  readonly #queues = new Map<LogName, Queue>();

  constructor(redis: RedisConnections, appending: RedisAppending) {
    this.#redis = redis;
    this.#appending = appending;
  }

  add(name: LogName, addition: Addition): Promise<Appended> {
    return new Promise((resolve, reject) => {
      const queue = this.#queues.get(name) ?? { waiting: [], isSending: false };
      queue.waiting.push({ ...addition, resolve, reject });
      if (queue.isSending) return;
      queue.isSending = true;
      this.#queues.set(name, queue);
      setImmediate(() => void this.#sendAll(name, queue));
    });
  }

  async #sendAll(name: LogName, queue: Queue): Promise<void> {
    while (queue.waiting.length > 0) {
      const { keys, args, taken } = this.#appending.call(name, queue.waiting, mostAtOnce);
      const failed = await this.#send(name, queue.waiting.splice(0, taken), keys, args);
      // What came after it must not be in the log when it is not.
      if (failed) for (const { reject } of queue.waiting.splice(0)) reject(failed.error);
    }
    this.#queues.delete(name);
  }

  async #send(
    name: LogName,
    batch: readonly Waiting[],
    keys: string[],
    args: (string | number)[],
  ): Promise<{ error: unknown } | undefined> {
    try {
      const answer = await append.run<string>(this.#redis, keys, args);
      const appended = this.#appending.read(name, batch, answer);
      for (const [index, { resolve }] of batch.entries()) resolve(appended[index] as Appended);
      return undefined;
    } catch (error) {
      for (const { reject } of batch) reject(error);
      return { error };
    }
  }
}
