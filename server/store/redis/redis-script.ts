import { createHash } from "node:crypto";
import type { RedisConnections } from "./redis-connections.ts";

/**
 * What every script begins with. A server that hangs and goes on has the commands of all who gave up waiting in its
 * buffers: what was answered `unavailable` must not happen then.
 */
const opening = `
local run, deadline = ARGV[#ARGV - 1], tonumber(ARGV[#ARGV])
local time = redis.call('TIME')
local millis = time[1] * 1000 + math.floor(time[2] / 1000)
if millis > deadline then return redis.error_reply('LATE the caller has given up') end
`;

/**
 * A Lua script: one atomic step. Has to be idempotent, since a lost connection may make it run twice.
 * Finds `run`, the id of this life of the server, and `millis`, the server's time, beside KEYS and ARGV.
 */
export class RedisScript {
  readonly #source: string;
  readonly #sha: string;

  constructor(source: string) {
    this.#source = opening + source;
    this.#sha = createHash("sha1").update(this.#source).digest("hex");
  }

  /** Rejects with `unavailable` when Redis is out of reach or takes nothing. The caller knows what the script returns. */
  async run<Answer>(redis: RedisConnections, keys: string[], args: (string | number)[]): Promise<Answer> {
    const given = args.map(String);
    const answer = await redis.attempt(async (client, { runId, deadline }) => {
      const options = { keys, arguments: [...given, runId, String(deadline)] };
      try {
        return await client.evalSha(this.#sha, options);
      } catch (error) {
        // A restarted server, or SCRIPT FLUSH.
        if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
        return client.eval(this.#source, options);
      }
    });
    return answer as Answer;
  }
}
