import { randomUUID } from "node:crypto";
import type { RedisConnections } from "./redis/redis-connections.ts";
import type { RedisKeys } from "./redis/redis-keys.ts";
import { RedisScript } from "./redis/redis-script.ts";
import type { UiEvents } from "./ui-events.ts";

const dedupeWindowMs = 10 * 60_000;

/** KEYS: stream, idempotency key. ARGV: 1 event_type, 2 data, 3 timestamp, 4 entries kept, 5 lifetime of the key in ms. */
const append = new RedisScript(`
if redis.call('SET', KEYS[2], '', 'NX', 'PX', ARGV[5]) then
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], '*', 'event_type', ARGV[1], 'data', ARGV[2], 'timestamp', ARGV[3])
end
return 1
`);

/** The fields of an entry are those that the services expect: `event_type`, `data` (JSON of the message), `timestamp`. */
export function createRedisUiEvents(options: {
  redis: RedisConnections;
  keys: RedisKeys;
  /** The name of the stream, which other programs read. */
  stream: string;
  maxEvents: number;
}): UiEvents {
  const { redis, keys, stream, maxEvents } = options;
  return {
    async append(message, timestamp, dedupe = `/${randomUUID()}`) {
      const args = [message.type, JSON.stringify(message), timestamp, maxEvents, dedupeWindowMs];
      await append.run(redis, [stream, keys.uiEvent(dedupe)], args);
    },
  };
}
