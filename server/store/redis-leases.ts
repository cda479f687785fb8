import type { Lease, LeaseQueue, Leases } from "./leases.ts";
import type { RedisConnections } from "./redis/redis-connections.ts";
import type { RedisKeys } from "./redis/redis-keys.ts";
import { preludeArgs, RedisScript } from "./redis/redis-script.ts";

/** KEYS: the queue. ARGV: 1 `LT` or empty: never postpone, then for each lease its id and the milliseconds from now. */
const set = new RedisScript(`
for i = 2, #ARGV - ${preludeArgs}, 2 do
  local at = millis + tonumber(ARGV[i + 1])
  if ARGV[1] == 'LT' then redis.call('ZADD', KEYS[1], 'LT', at, ARGV[i]) else redis.call('ZADD', KEYS[1], at, ARGV[i]) end
end
return 1
`);

/** KEYS: the queue. ARGV: 1 limit, 2 milliseconds until the claimed ids are due again. A retry claims further ids. */
const claim = new RedisScript(`
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', millis, 'LIMIT', 0, ARGV[1])
for _, id in ipairs(due) do redis.call('ZADD', KEYS[1], 'XX', millis + tonumber(ARGV[2]), id) end
return due
`);

/** KEYS: the queues. ARGV: 1 limit. Returns the index of the queue, the id and the time of each lease. */
const first = new RedisScript(`
local found = {}
for queue, key in ipairs(KEYS) do
  local entries = redis.call('ZRANGE', key, 0, tonumber(ARGV[1]) - 1, 'WITHSCORES')
  for i = 1, #entries, 2 do table.insert(found, {queue, entries[i], entries[i + 1]}) end
end
return found
`);

/** Keeps the queues in Redis, for all instances. */
export function createRedisLeases({ redis, keys }: { redis: RedisConnections; keys: RedisKeys }): Leases {
  const write = async (queue: LeaseQueue, leases: readonly Lease[], only: "LT" | "") => {
    if (leases.length === 0) return;
    const pairs = leases.flatMap(({ id, inMs }) => [id, Math.round(inMs)]);
    await set.run(redis, [keys.leases(queue)], [only, ...pairs]);
  };

  return {
    set: (queue, leases) => write(queue, leases, ""),

    hasten: (queue, leases) => write(queue, leases, "LT"),

    async clear(queue, id) {
      await redis.attempt((client) => client.zRem(keys.leases(queue), id));
    },

    claim: (queue, limit, forMs) => claim.run<string[]>(redis, [keys.leases(queue)], [limit, forMs]),

    async first(queues, limit) {
      if (queues.length === 0) return [];
      const found = await first.run<[queue: number, id: string, at: string][]>(redis, queues.map(keys.leases), [limit]);
      const earliest = found.sort(([, , a], [, , b]) => Number(a) - Number(b)).slice(0, limit);
      return earliest.flatMap(([number, id]) => {
        const queue = queues[number - 1];
        return queue ? [{ queue, id }] : [];
      });
    },

    size: (queue) => redis.attempt((client) => client.zCard(keys.leases(queue))),
  };
}
