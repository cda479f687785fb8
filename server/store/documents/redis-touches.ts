import { setImmediate } from "node:timers/promises";
import type { RedisConnections } from "../redis/redis-connections.ts";
import { RedisScript } from "../redis/redis-script.ts";

/**
 * KEYS: activity. ARGV: times and ids by turns, and the two that every script has. Only what stands in an index has an
 * activity.
 */
const touch = new RedisScript(`
return redis.call('ZADD', KEYS[1], 'XX', 'GT', unpack(ARGV, 1, #ARGV - 2))
`);

/** Lua takes some thousands of arguments. */
const mostAtOnce = 1_000;

interface Gathered {
  times: Map<string, number>;
  done: Promise<void>;
}

/** The latest activity of documents: what a turn of the event loop brings goes to Redis in one call. */
export class RedisTouches {
  readonly #redis: RedisConnections;
  /** By the key of the activity. */
  readonly #gathered = new Map<string, Gathered>();

  constructor(redis: RedisConnections) {
    this.#redis = redis;
  }

  /** Resolves when it is noted. */
  touch(key: string, id: string, at: number): Promise<void> {
    let gathered = this.#gathered.get(key);
    if (!gathered) {
      const times = new Map<string, number>();
      gathered = { times, done: this.#sendAfterTurn(key, times) };
      this.#gathered.set(key, gathered);
    }
    gathered.times.set(id, Math.max(at, gathered.times.get(id) ?? 0));
    if (gathered.times.size >= mostAtOnce) this.#gathered.delete(key);
    return gathered.done;
  }

  async #sendAfterTurn(key: string, times: Map<string, number>): Promise<void> {
    await setImmediate();
    if (this.#gathered.get(key)?.times === times) this.#gathered.delete(key);
    await touch.run(
      this.#redis,
      [key],
      [...times].flatMap(([id, at]) => [at, id]),
    );
  }
}
