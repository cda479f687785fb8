import { setImmediate } from "node:timers/promises";
import type { RedisConnections } from "../redis/redis-connections.ts";
import { preludeArgs, RedisScript } from "../redis/redis-script.ts";

/**
 * KEYS: activity. ARGV: time and id of each document, then the two arguments that every script has. Only documents in an
 * index have an activity.
 */
const touch = new RedisScript(`
return redis.call('ZADD', KEYS[1], 'XX', 'GT', unpack(ARGV, 1, #ARGV - ${preludeArgs}))
`);

/** Documents per call: `unpack` of Lua is limited to some thousands of values. */
const mostAtOnce = 1_000;

interface Gathered {
  times: Map<string, number>;
  done: Promise<void>;
}

/** Writes the activity of documents, with one call per turn of the event loop. */
export class RedisTouches {
  readonly #redis: RedisConnections;
  /** By the Redis key of the activity. */
  readonly #gathered = new Map<string, Gathered>();

  constructor(redis: RedisConnections) {
    this.#redis = redis;
  }

  /** Resolves when the activity is stored. */
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
