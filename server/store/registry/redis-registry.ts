import { randomUUID } from "node:crypto";
import type { InstanceId } from "../../../shared/ids.ts";
import { namespaces } from "../../../shared/namespace.ts";
import { timestampAt } from "../../runtime/clock.ts";
import type { RedisConnections } from "../redis/redis-connections.ts";
import type { RedisKeys } from "../redis/redis-keys.ts";
import { RedisScript } from "../redis/redis-script.ts";
import type { Changes, ConnectionKey, InstanceReport, Registry } from "./registry.ts";
import { reportLastsMs } from "./registry.ts";

/** Rooms of a dead holder that one report removes at most, since Redis executes nothing else meanwhile. */
const sweptAtOnce = 2_000;

/** The prelude of every script. ARGV: 1 prefix of the keys, see `RedisKeys`. */
const prelude = `
local base = ARGV[1]
local holders = base .. 'holders'
local function isAlive(holder) return redis.call('EXISTS', base .. 'report:' .. holder) == 1 end
local function count(holder, room, connections)
  local own = base .. 'rooms:' .. holder
  local before = tonumber(redis.call('HGET', own, room) or 0)
  if connections > 0 then redis.call('HSET', own, room, connections) else redis.call('HDEL', own, room) end
  local all = redis.call('HINCRBY', base .. 'rooms', room, connections - before)
  if all > 0 then return redis.call('ZADD', base .. 'room-names', 0, room) end
  redis.call('HDEL', base .. 'rooms', room)
  redis.call('ZREM', base .. 'room-names', room)
end
local function forget(holder)
  redis.call('UNLINK', base .. 'report:' .. holder, base .. 'records:' .. holder, base .. 'users:' .. holder)
  for _, namespace in ipairs({${namespaces.map((name) => `'${name}'`).join(", ")}}) do
    redis.call('UNLINK', base .. 'in:' .. namespace .. ':' .. holder)
  end
  local left = ${sweptAtOnce}
  local rooms = redis.call('HRANDFIELD', base .. 'rooms:' .. holder, left)
  for _, room in ipairs(rooms) do count(holder, room, 0) end
  if #rooms < left then redis.call('SREM', holders, holder) end
end
`;

/** ARGV: 2 holder, 3 the holder that it replaces or empty, 4 report as JSON or empty, 5 connections, 6 ended, 7 rooms. */
const report = new RedisScript(`${prelude}
local holder, before = ARGV[2], ARGV[3]
if before ~= '' then
  redis.call('SADD', holders, holder)
  redis.call('DEL', base .. 'report:' .. before)
elseif redis.call('SISMEMBER', holders, holder) == 0 then
  return 0
end
if ARGV[4] ~= '' then
  redis.call('SET', base .. 'report:' .. holder, ARGV[4], 'PX', ${reportLastsMs})
  for _, other in ipairs(redis.call('SMEMBERS', holders)) do
    if not isAlive(other) then
      forget(other)
      break
    end
  end
end
local records, users = base .. 'records:' .. holder, base .. 'users:' .. holder
for _, ended in ipairs(cjson.decode(ARGV[6])) do
  local connection, user, namespace = unpack(ended)
  redis.call('HDEL', records, connection)
  redis.call('ZREM', users, user .. ' ' .. connection)
  redis.call('ZREM', base .. 'in:' .. namespace .. ':' .. holder, user .. ' ' .. connection)
end
for _, opened in ipairs(cjson.decode(ARGV[5])) do
  local connection, user, namespace, record = unpack(opened)
  redis.call('HSET', records, connection, record)
  redis.call('ZADD', users, 0, user .. ' ' .. connection)
  redis.call('ZADD', base .. 'in:' .. namespace .. ':' .. holder, 0, user .. ' ' .. connection)
end
for _, counted in ipairs(cjson.decode(ARGV[7])) do count(holder, counted[1], counted[2]) end
return 1
`);

/** ARGV: 2 holder, 3 user, 4 connection, 5 limit. */
const admit = new RedisScript(`${prelude}
local holder, user = ARGV[2], ARGV[3]
if redis.call('SISMEMBER', holders, holder) == 0 then return 'unknown' end
local users, member = base .. 'users:' .. holder, user .. ' ' .. ARGV[4]
if redis.call('ZSCORE', users, member) then return 'admitted' end
local taken = 0
for _, other in ipairs(redis.call('SMEMBERS', holders)) do
  if other == holder or isAlive(other) then
    taken = taken + redis.call('ZLEXCOUNT', base .. 'users:' .. other, '[' .. user .. ' ', '(' .. user .. '!')
  end
end
if taken >= tonumber(ARGV[5]) then return 'full' end
redis.call('ZADD', users, 0, member)
return 'admitted'
`);

/** ARGV: 2 holder. */
const leave = new RedisScript(`${prelude}
forget(ARGV[2])
return 1
`);

interface RedisRegistryOptions {
  redis: RedisConnections;
  keys: RedisKeys;
  instanceId: InstanceId;
}

/** Writes the reports of this instance to Redis. */
export function createRedisRegistry({ redis, keys, instanceId }: RedisRegistryOptions): Registry {
  const { base } = keys.registry;
  const newHolder = () => `${instanceId}/${randomUUID()}`;
  let holder = newHolder();

  return {
    async report(ownReport: InstanceReport | undefined, { connections, ended, rooms }: Changes, isSnapshot: boolean) {
      const before = isSnapshot ? holder : "";
      if (isSnapshot) holder = newHolder();
      const opened = connections.map((record) => [...namesOf(record), JSON.stringify(record)]);
      const own = ownReport ? JSON.stringify({ ...ownReport, instanceId, lastSeen: timestampAt(redis.now()) }) : "";
      const changes = [opened, ended.map(namesOf), rooms].map((change) => JSON.stringify(change));
      return (await report.run<number>(redis, [], [base, holder, before, own, ...changes])) === 1;
    },

    admit: ({ userId, connectionId }, limit) => admit.run(redis, [], [base, holder, userId, connectionId, limit]),

    async leave() {
      await leave.run(redis, [], [base, holder]);
    },
  };
}

const namesOf = ({ connectionId, userId, namespace }: ConnectionKey) => [connectionId, userId, namespace];
