import type { InstanceId } from "../../shared/ids.ts";
import type { RedisConnections } from "../redis/redis-connections.ts";
import { RedisScript } from "../redis/redis-script.ts";
import { type ConnectionCounts, type Registry, reportLastsMs } from "./registry.ts";

export interface RedisRegistryOptions {
  redis: RedisConnections;
  prefix: string;
  instanceId: InstanceId;
}

/** KEYS: ids, this instance's counts. ARGV: 1 instance, 2 counts as JSON, 3 how long they last, in ms. */
const report = new RedisScript(`
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
redis.call('SADD', KEYS[1], ARGV[1])
return 1
`);

/** KEYS: ids, this instance's counts. ARGV: 1 instance. */
const leave = new RedisScript(`
redis.call('SREM', KEYS[1], ARGV[1])
return redis.call('DEL', KEYS[2])
`);

/** Keys: prefix:{registry}:ids, a set, and prefix:{registry}:ID, the counts as JSON, which expire by themselves. */
export function createRedisRegistry({ redis, prefix, instanceId }: RedisRegistryOptions): Registry {
  const ids = `${prefix}:{registry}:ids`;
  const keyOf = (id: string) => `${prefix}:{registry}:${id}`;

  return {
    async report(counts) {
      await report.run(redis, [ids, keyOf(instanceId)], [instanceId, JSON.stringify(counts), reportLastsMs]);
    },

    async all() {
      const known = await redis.attempt((client) => client.sMembers(ids));
      if (known.length === 0) return [];
      const reports = await redis.attempt((client) => client.mGet(known.map(keyOf)));
      const gone = known.filter((_, index) => reports[index] === null);
      if (gone.length > 0) await redis.attempt((client) => client.sRem(ids, gone));
      return reports.flatMap((report) => (report === null ? [] : [JSON.parse(String(report)) as ConnectionCounts]));
    },

    async leave() {
      await leave.run(redis, [ids, keyOf(instanceId)], [instanceId]);
    },
  };
}
