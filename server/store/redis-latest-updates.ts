import type { Clock } from "../runtime/clock.ts";
import { type HealthEvent, keptComponents, keptMs, type LatestUpdates, subjectOf } from "./latest-updates.ts";
import type { RedisConnections } from "./redis/redis-connections.ts";
import type { RedisKeys } from "./redis/redis-keys.ts";
import { RedisScript } from "./redis/redis-script.ts";

/**
 * KEYS: events, at. ARGV: 1 subject, 2 JSON, 3 now in ms, 4 time to live in ms, 5 most subjects.
 */
const keep = new RedisScript(`
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
local old = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[3] - ARGV[4], 'LIMIT', 0, 100)
local excess = redis.call('ZCARD', KEYS[2]) - #old - ARGV[5]
if excess > 0 then
  for _, subject in ipairs(redis.call('ZRANGE', KEYS[2], #old, #old + excess - 1)) do old[#old + 1] = subject end
end
for _, subject in ipairs(old) do
  redis.call('HDEL', KEYS[1], subject)
  redis.call('ZREM', KEYS[2], subject)
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return 1
`);

/** The same KEYS. ARGV: 1 now in ms, 2 time to live in ms. */
const all = new RedisScript(`
local subjects = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. (ARGV[1] - ARGV[2]), '+inf')
local found = {}
for _, subject in ipairs(subjects) do
  local event = redis.call('HGET', KEYS[1], subject)
  if event then found[#found + 1] = event end
end
return found
`);

/** Keeps the updates in Redis, for all instances. */
export function createRedisLatestUpdates(options: {
  redis: RedisConnections;
  clock: Clock;
  keys: RedisKeys;
}): LatestUpdates {
  const { redis, clock } = options;
  const { events, at } = options.keys.latest;
  const keys = [events, at];
  return {
    async keep(event) {
      await keep.run(redis, keys, [subjectOf(event), JSON.stringify(event), clock.now(), keptMs, keptComponents]);
    },
    async all() {
      const found = await all.run<string[]>(redis, keys, [clock.now(), keptMs]);
      return found.map((json) => JSON.parse(json) as HealthEvent);
    },
  };
}
