import type { InstanceId } from "../../shared/ids.ts";
import type { RedisConnections } from "../redis/redis-connections.ts";
import { type ConnectionCounts, type Registry, reportLastsMs } from "./registry.ts";

export interface RedisRegistryOptions {
  redis: RedisConnections;
  prefix: string;
  instanceId: InstanceId;
}

/** Keys: prefix:{registry}:ids, a set, and prefix:{registry}:ID, the counts as JSON, which expire by themselves. */
export function createRedisRegistry({ redis, prefix, instanceId }: RedisRegistryOptions): Registry {
  const ids = `${prefix}:{registry}:ids`;
  const keyOf = (id: string) => `${prefix}:{registry}:${id}`;

  return {
    async report(counts) {
      await redis.attempt((client) =>
        client
          .multi()
          .sAdd(ids, instanceId)
          .set(keyOf(instanceId), JSON.stringify(counts), { PX: reportLastsMs })
          .exec(),
      );
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
      await redis.attempt((client) => client.multi().sRem(ids, instanceId).del(keyOf(instanceId)).exec());
    },
  };
}
