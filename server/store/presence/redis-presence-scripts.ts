import { RedisScript } from "../redis/redis-script.ts";

/** Each sweep of an instance is its heartbeat. Without one for so long it is dead, and its connections are removed. */
const deadAfterMs = 5_000;
/** If no instance has swept for so long, Redis was unreachable for all, and a missing heartbeat proves nothing. */
const redisAwayMs = 2_000;
/** Users per sweep at most, since Redis executes nothing else meanwhile. */
const sweepLimit = 1_000;
/** The prelude of every script. ARGV: 1 prefix of the keys, see `RedisKeys`. */
const prelude = `
local base = ARGV[1]
local function present(room) return redis.call('ZCARD', base .. 'users:' .. room) end
local function depart(room, user)
  if redis.call('ZREM', base .. 'users:' .. room, user) == 0 then return nil end
  local name = redis.call('HGET', base .. 'names:' .. room, user) or 'null'
  redis.call('HDEL', base .. 'names:' .. room, user)
  return {room, user, name, present(room)}
end
local function leave(instance, room, user, connection, grace)
  redis.call('SREM', base .. 'of:' .. instance, cjson.encode({room, user, connection}))
  local at = base .. 'at:' .. room .. ' ' .. user
  if redis.call('SREM', at, instance .. ' ' .. connection) == 0 or redis.call('SCARD', at) > 0 then return nil end
  if grace > 0 then
    redis.call('ZADD', base .. 'lingering', millis + grace, cjson.encode({room, user}))
    return nil
  end
  return depart(room, user)
end
`;

/** ARGV: 2 instance, 3 room, 4 user, 5 connection, 6 name as JSON. Returns 1 if the user is new, and the number of users. */
export const enter = new RedisScript(`${prelude}
local instance, room, user, connection = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
redis.call('SADD', base .. 'of:' .. instance, cjson.encode({room, user, connection}))
-- So that its connections are found if it dies before its first sweep.
redis.call('ZADD', base .. 'instances', 'NX', millis, instance)
redis.call('SADD', base .. 'at:' .. room .. ' ' .. user, instance .. ' ' .. connection)
redis.call('ZREM', base .. 'lingering', cjson.encode({room, user}))
local first = redis.call('ZADD', base .. 'users:' .. room, 'NX', redis.call('INCR', base .. 'order'), user)
redis.call('HSET', base .. 'names:' .. room, user, ARGV[6])
return {first, present(room)}
`);

/** ARGV: 2 instance, 3 room, 4 user, 5 connection, 6 grace period in ms. */
export const leave = new RedisScript(`${prelude}
return leave(ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])) or {}
`);

/** ARGV: 2 room, 3 limit. */
export const members = new RedisScript(`${prelude}
local room, found = ARGV[2], {}
for i, user in ipairs(redis.call('ZRANGE', base .. 'users:' .. room, 0, tonumber(ARGV[3]) - 1)) do
  local name = redis.call('HGET', base .. 'names:' .. room, user) or 'null'
  found[i] = {user, name, redis.call('SCARD', base .. 'at:' .. room .. ' ' .. user)}
end
return {found, present(room)}
`);

/**
 * ARGV: 2 instance, 3 grace period of the users of a dead instance, in ms. Returns whether this instance was
 * known, and the departures.
 */
export const sweep = new RedisScript(`${prelude}
local instance, instances, known, dead = ARGV[2], base .. 'instances', base .. 'known', base .. 'dead'
local isKnown = 1 - redis.call('SADD', known, instance)
local swept = tonumber(redis.call('GET', base .. 'swept') or 0)
redis.call('SET', base .. 'swept', millis)
if millis - swept > ${redisAwayMs} then
  for _, other in ipairs(redis.call('ZRANGE', instances, 0, -1)) do redis.call('ZADD', instances, millis, other) end
end
redis.call('ZADD', instances, millis, instance)
redis.call('SREM', dead, instance)
for _, silent in ipairs(redis.call('ZRANGE', instances, '-inf', millis - ${deadAfterMs}, 'BYSCORE')) do
  redis.call('ZREM', instances, silent)
  redis.call('SREM', known, silent)
  redis.call('SADD', dead, silent)
end
local left = ${sweepLimit}
for _, other in ipairs(redis.call('SMEMBERS', dead)) do
  local held = redis.call('SRANDMEMBER', base .. 'of:' .. other, left)
  for _, entry in ipairs(held) do
    local room, user, connection = unpack(cjson.decode(entry))
    leave(other, room, user, connection, tonumber(ARGV[3]))
  end
  left = left - #held
  if left <= 0 then break end
  redis.call('SREM', dead, other)
end
local departures = {}
for _, held in ipairs(redis.call('ZRANGE', base .. 'lingering', '-inf', millis, 'BYSCORE', 'LIMIT', 0, ${sweepLimit})) do
  redis.call('ZREM', base .. 'lingering', held)
  local entry = cjson.decode(held)
  if redis.call('SCARD', base .. 'at:' .. entry[1] .. ' ' .. entry[2]) == 0 then
    local departure = depart(entry[1], entry[2])
    if departure then departures[#departures + 1] = departure end
  end
end
return {isKnown, departures}
`);
