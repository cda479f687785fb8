import { createHash } from "node:crypto";
import type { RedisConnections } from "./redis-connections.ts";

/** A Lua script: one atomic step. Has to be idempotent, since a lost connection may make it run twice. */
export class RedisScript {
  readonly #source: string;
  readonly #sha: string;

  constructor(source: string) {
    this.#source = source;
    this.#sha = createHash("sha1").update(source).digest("hex");
  }

  /** Rejects with `unavailable` when Redis is out of reach or takes nothing. The caller knows what the script returns. */
  async run<Answer>(redis: RedisConnections, keys: string[], args: (string | number)[]): Promise<Answer> {
    const options = { keys, arguments: args.map(String) };
    const answer = await redis.attempt(async (client) => {
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
