import { type HealthEvent, keptComponents, keptMs, type LatestUpdates, subjectOf } from "./latest-updates.ts";
import type { RedisConnections } from "./redis/redis-connections.ts";
import type { RedisKeys } from "./redis/redis-keys.ts";
import { RedisScript } from "./redis/redis-script.ts";

/**
 * KEYS: events, at. ARGV: 1 subject, 2 JSON, 3 time to live in ms, 4 most subjects.
 */
const keep = new RedisScript(`
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], millis, ARGV[1])
local old = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', millis - ARGV[3], 'LIMIT', 0, 100)
local excess = redis.call('ZCARD', KEYS[2]) - #old - ARGV[4]
if excess > 0 then
  for _, subject in ipairs(redis.call('ZRANGE', KEYS[2], #old, #old + excess - 1)) do old[#old + 1] = subject end
end
for _, subject in ipairs(old) do
  redis.call('HDEL', KEYS[1], subject)
  redis.call('ZREM', KEYS[2], subject)
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return 1
`);

/** The same KEYS. ARGV: 1 time to live in ms. Returns the JSON and the time of each update. */
const all = new RedisScript(`
local subjects = redis.call('ZRANGE', KEYS[2], '(' .. string.format('%d', millis - ARGV[1]), '+inf', 'BYSCORE', 'WITHSCORES')
local found = {}
for i = 1, #subjects, 2 do
  local event = redis.call('HGET', KEYS[1], subjects[i])
  if event then
    found[#found + 1] = event
    found[#found + 1] = subjects[i + 1]
  end
end
return found
`);

/** Keeps the updates in Redis, for all instances. */
export function createRedisLatestUpdates(options: { redis: RedisConnections; keys: RedisKeys }): LatestUpdates {
  const { redis } = options;
  const { events, at } = options.keys.latest;
  const keys = [events, at];
  return {
    async keep(event) {
      await keep.run(redis, keys, [subjectOf(event), JSON.stringify(event), keptMs, keptComponents]);
    },
    async all() {
      const found = await all.run<string[]>(redis, keys, [keptMs]);
      return found.flatMap((json, i) => {
        if (i % 2 === 1) return [];
        return { event: JSON.parse(json) as HealthEvent, at: Number(found[i + 1]) };
      });
    },
  };
}
