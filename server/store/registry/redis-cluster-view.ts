import type { Instance } from "../../../shared/entities/server-stats.ts";
import type { InstanceId } from "../../../shared/ids.ts";
import type { RoomName } from "../../../shared/room.ts";
import { cursorAfter, placeIn } from "../cursor.ts";
import type { RedisConnections } from "../redis/redis-connections.ts";
import type { RedisKeys } from "../redis/redis-keys.ts";
import { RedisScript } from "../redis/redis-script.ts";
import type { ClusterView, LocatedConnection } from "./cluster-view.ts";
import type { ConnectionRecord } from "./registry.ts";

/** The prelude of the scripts. ARGV: 1 prefix of the keys, see `RedisKeys`. */
const prelude = `
local base = ARGV[1]
local alive = {}
for _, holder in ipairs(redis.call('SMEMBERS', base .. 'holders')) do
  if redis.call('EXISTS', base .. 'report:' .. holder) == 1 then alive[#alive + 1] = holder end
end
table.sort(alive)
`;

const instances = new RedisScript(`${prelude}
local reports = {}
for i, holder in ipairs(alive) do reports[i] = redis.call('GET', base .. 'report:' .. holder) end
return {reports, redis.call('ZCARD', base .. 'room-names')}
`);

/** ARGV: 2 holder and 3 member of the last entry of the previous page, 4 user or empty, 5 namespace or empty, 6 limit. */
const connections = new RedisScript(`${prelude}
local after, member, user, namespace, left = ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local found = {}
for _, holder in ipairs(alive) do
  if holder >= after and left > 0 then
    local index = base .. (namespace == '' and 'users:' or 'in:' .. namespace .. ':') .. holder
    local from, to = '-', '+'
    if user ~= '' then from, to = '[' .. user .. ' ', '(' .. user .. '!' end
    if holder == after then from = '(' .. member end
    local members = redis.call('ZRANGE', index, from, to, 'BYLEX', 'LIMIT', 0, left)
    left = left - #members
    for _, name in ipairs(members) do
      local record = redis.call('HGET', base .. 'records:' .. holder, string.match(name, ' (.+)$'))
      found[#found + 1] = {holder, name, record}
    end
  end
end
return found
`);

/** ARGV: 2 connection. */
const connection = new RedisScript(`${prelude}
for _, holder in ipairs(alive) do
  local record = redis.call('HGET', base .. 'records:' .. holder, ARGV[2])
  if record then return {holder, record} end
end
return {}
`);

/** ARGV: 2 user. */
const connectionsOf = new RedisScript(`${prelude}
local count = 0
for _, holder in ipairs(alive) do
  count = count + redis.call('ZLEXCOUNT', base .. 'users:' .. holder, '[' .. ARGV[2] .. ' ', '(' .. ARGV[2] .. '!')
end
return count
`);

/** ARGV: 2 user. */
const connectionIdsOf = new RedisScript(`${prelude}
local ids = {}
for _, holder in ipairs(alive) do
  local key = base .. 'users:' .. holder
  for _, name in ipairs(redis.call('ZRANGE', key, '[' .. ARGV[2] .. ' ', '(' .. ARGV[2] .. '!', 'BYLEX')) do
    ids[#ids + 1] = string.match(name, ' (.+)$')
  end
end
return ids
`);

/** ARGV: 2 first name, 3 last name, 4 limit. */
const rooms = new RedisScript(`
local base, found = ARGV[1], {}
for i, room in ipairs(redis.call('ZRANGE', base .. 'room-names', ARGV[2], ARGV[3], 'BYLEX', 'LIMIT', 0, ARGV[4])) do
  found[i] = {room, redis.call('HGET', base .. 'rooms', room)}
end
return found
`);

/** Reads the reports of all instances from Redis. */
export function createRedisClusterView({ redis, keys }: { redis: RedisConnections; keys: RedisKeys }): ClusterView {
  const { base, rooms: roomCounts } = keys.registry;

  return {
    async instances() {
      const [reports, count] = await instances.run<[string[], number]>(redis, [], [base]);
      return { instances: reports.map((report) => JSON.parse(report) as Instance), rooms: count };
    },

    async connections({ cursor, limit, userId = "", namespace = "" }) {
      const [after = "", member = ""] = placeIn(cursor, ["text", "text"]);
      type Found = [holder: string, member: string, record: string | null];
      const args = [base, after, member, userId, namespace, limit + 1];
      const found = await connections.run<Found[]>(redis, [], args);
      return {
        connections: found
          .slice(0, limit)
          .flatMap(([holder, , record]) => (record === null ? [] : [located(holder, record)])),
        nextCursor: cursorAfter(found, limit, ([holder, member]) => [holder, member]),
      };
    },

    async connection(id) {
      const [holder, record] = await connection.run<[string?, string?]>(redis, [], [base, id]);
      return holder !== undefined && record !== undefined ? located(holder, record) : undefined;
    },

    connectionsOf: (userId) => connectionsOf.run(redis, [], [base, userId]),

    connectionIdsOf: (userId) => connectionIdsOf.run(redis, [], [base, userId]),

    async rooms({ cursor, limit, prefix: beginning = "" }) {
      const [after] = placeIn(cursor, ["text"]);
      // Names with a common prefix are adjacent. No name contains this last code point of Unicode.
      const to = beginning === "" ? "+" : `(${beginning}\u{10ffff}`;
      const from = after !== undefined ? `(${after}` : beginning === "" ? "-" : `[${beginning}`;
      const found = await rooms.run<[RoomName, string][]>(redis, [], [base, from, to, limit + 1]);
      const page = found.slice(0, limit).map(([room, count]) => ({ room, connections: Number(count) }));
      return { rooms: page, nextCursor: cursorAfter(found, limit, ([room]) => [room]) };
    },

    async connectionsIn(room) {
      return Number((await redis.attempt((client) => client.hGet(roomCounts, room))) ?? 0);
    },
  };
}

function located(holder: string, record: string): LocatedConnection {
  const instanceId = holder.slice(0, holder.lastIndexOf("/")) as InstanceId;
  return { ...(JSON.parse(record) as ConnectionRecord), instanceId };
}
