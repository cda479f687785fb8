import { createHash } from "node:crypto";
import type { RedisConnections } from "./redis-connections.ts";

/**
 * The prelude of every script. When a hung server continues, its buffers contain commands whose callers have timed out.
 * These must not be executed, since they were answered with `unavailable`.
 */
const prelude = `
local run, set, deadline = ARGV[#ARGV - 2], ARGV[#ARGV - 1], tonumber(ARGV[#ARGV])
local time = redis.call('TIME')
local millis = time[1] * 1000 + math.floor(time[2] / 1000)
if millis > deadline then return redis.error_reply('LATE the caller has given up') end
if set ~= '' then millis = tonumber(set) end
`;

/** The number of arguments of the prelude, which follow those of the script. */
export const preludeArgs = 3;

/**
 * A Lua script: one atomic step. Must be idempotent, since after a lost connection it is sent again. Besides KEYS and
 * ARGV it has `run`, the run id of the Redis server, and `millis`, the time of the Redis server: the
 * clocks of the instances need not agree, and decide nothing.
 */
export class RedisScript {
  readonly #source: string;
  readonly #sha: string;

  constructor(source: string) {
    this.#source = prelude + source;
    this.#sha = createHash("sha1").update(this.#source).digest("hex");
  }

  /** Rejects with `unavailable` if Redis is unreachable or refuses it. The result is not checked to be an `Answer`. */
  async run<Answer>(redis: RedisConnections, keys: string[], args: (string | number)[]): Promise<Answer> {
    const given = args.map(String);
    const answer = await redis.attempt(async (client, { runId, redisMs, deadline }) => {
      const options = { keys, arguments: [...given, runId, String(redisMs ?? ""), String(deadline)] };
      try {
        return await client.evalSha(this.#sha, options);
      } catch (error) {
        // The server was restarted, or SCRIPT FLUSH was called.
        if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
        return client.eval(this.#source, options);
      }
    });
    return answer as Answer;
  }
}
