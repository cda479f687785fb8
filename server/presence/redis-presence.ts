import type { InstanceId, UserId } from "../../shared/ids.ts";
import type { RoomName } from "../../shared/room.ts";
import type { Clock } from "../clock.ts";
import type { RedisConnections } from "../redis/redis-connections.ts";
import { RedisScript } from "../redis/redis-script.ts";
import type { Attendee, Departure, Presence } from "./presence.ts";

/**
 * Keys, all of one slot:
 *   prefix:{presence}:users:ROOM          sorted set: users present, by arrival
 *   prefix:{presence}:names:ROOM          hash: user → name as JSON
 *   prefix:{presence}:at:ROOM USER        set: "INSTANCE CONNECTION" of the user's connections in the room
 *   prefix:{presence}:of:INSTANCE         set: JSON [room, user, connection] of what an instance holds
 *   prefix:{presence}:lingering           sorted set: JSON [room, user] by when the grace period ends, in ms
 *   prefix:{presence}:instances           sorted set: instances by their last heartbeat, in ms of Redis
 *   prefix:{presence}:order               counter of arrivals
 */
const baseOf = (prefix: string) => `${prefix}:{presence}:`;

/** An instance beats with every sweep; one that has not for so long is dead, and its users are let go. */
const deadAfterMs = 5_000;

/** What all scripts begin with. ARGV: 1 what the keys begin with. */
const opening = `
local base = ARGV[1]
local function present(room) return redis.call('ZCARD', base .. 'users:' .. room) end
local function depart(room, user)
  if redis.call('ZREM', base .. 'users:' .. room, user) == 0 then return nil end
  local name = redis.call('HGET', base .. 'names:' .. room, user) or 'null'
  redis.call('HDEL', base .. 'names:' .. room, user)
  return {room, user, name, present(room)}
end
local function leave(instance, room, user, connection, until_)
  redis.call('SREM', base .. 'of:' .. instance, cjson.encode({room, user, connection}))
  local at = base .. 'at:' .. room .. ' ' .. user
  if redis.call('SREM', at, instance .. ' ' .. connection) == 0 or redis.call('SCARD', at) > 0 then return nil end
  if until_ then
    redis.call('ZADD', base .. 'lingering', until_, cjson.encode({room, user}))
    return nil
  end
  return depart(room, user)
end
local function beat(instance)
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('ZADD', base .. 'instances', now, instance)
  return now
end
`;

/** ARGV: 2 instance, 3 room, 4 user, 5 connection, 6 name as JSON. Answers whether the user was not present, and how many are. */
const enter = new RedisScript(`${opening}
local instance, room, user, connection = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
beat(instance)
redis.call('SADD', base .. 'of:' .. instance, cjson.encode({room, user, connection}))
redis.call('SADD', base .. 'at:' .. room .. ' ' .. user, instance .. ' ' .. connection)
redis.call('ZREM', base .. 'lingering', cjson.encode({room, user}))
local first = redis.call('ZADD', base .. 'users:' .. room, 'NX', redis.call('INCR', base .. 'order'), user)
redis.call('HSET', base .. 'names:' .. room, user, ARGV[6])
return {first, present(room)}
`);

/** ARGV: 2 instance, 3 room, 4 user, 5 connection, 6 end of the grace period or empty. */
const leave = new RedisScript(`${opening}
local until_ = nil
if ARGV[6] ~= '' then until_ = ARGV[6] end
return leave(ARGV[2], ARGV[3], ARGV[4], ARGV[5], until_) or {}
`);

/** ARGV: 2 room, 3 limit. */
const members = new RedisScript(`${opening}
local room, found = ARGV[2], {}
for i, user in ipairs(redis.call('ZRANGE', base .. 'users:' .. room, 0, tonumber(ARGV[3]) - 1)) do
  local name = redis.call('HGET', base .. 'names:' .. room, user) or 'null'
  found[i] = {user, name, redis.call('SCARD', base .. 'at:' .. room .. ' ' .. user)}
end
return {found, present(room)}
`);

/**
 * ARGV: 2 instance, 3 now, 4 grace period of those whose instance has died, in ms. Answers whether this instance was
 * known, and who has departed.
 */
const sweep = new RedisScript(`${opening}
local isKnown = redis.call('ZSCORE', base .. 'instances', ARGV[2]) and 1 or 0
local now = beat(ARGV[2])
for _, dead in ipairs(redis.call('ZRANGE', base .. 'instances', '-inf', now - ${deadAfterMs}, 'BYSCORE')) do
  redis.call('ZREM', base .. 'instances', dead)
  for _, held in ipairs(redis.call('SMEMBERS', base .. 'of:' .. dead)) do
    local entry = cjson.decode(held)
    leave(dead, entry[1], entry[2], entry[3], tonumber(ARGV[3]) + tonumber(ARGV[4]))
  end
  redis.call('DEL', base .. 'of:' .. dead)
end
local departures = {}
for _, held in ipairs(redis.call('ZRANGE', base .. 'lingering', '-inf', ARGV[3], 'BYSCORE', 'LIMIT', 0, 500)) do
  redis.call('ZREM', base .. 'lingering', held)
  local entry = cjson.decode(held)
  if redis.call('SCARD', base .. 'at:' .. entry[1] .. ' ' .. entry[2]) == 0 then
    local departure = depart(entry[1], entry[2])
    if departure then departures[#departures + 1] = departure end
  end
end
return {isKnown, departures}
`);

export interface RedisPresenceOptions {
  redis: RedisConnections;
  clock: Clock;
  prefix: string;
  instanceId: InstanceId;
  /** For users whose instance has died: the time they have to come back elsewhere. */
  graceMs: number;
}

type Departed = [room: RoomName, userId: UserId, name: string, memberCount: number];

/** Keeps who is present on any instance. */
export function createRedisPresence({ redis, clock, prefix, instanceId, graceMs }: RedisPresenceOptions): Presence {
  const base = baseOf(prefix);
  /** The `enter`s that this instance holds: said again if it was taken for dead, or Redis came back empty. */
  const held = new Map<string, string[]>();
  /** The first sweep makes it known; there is nothing to say again then, or it is said twice to no effect. */
  let isKnown = true;
  const keyOf = (room: RoomName, { userId, connectionId }: Attendee) => `${room} ${userId} ${connectionId}`;

  const toDeparture = ([room, userId, name, memberCount]: Departed): Departure => ({
    room,
    userId,
    name: JSON.parse(name) as string | null,
    memberCount,
  });

  return {
    async enter(room, attendee) {
      const { userId, name, connectionId } = attendee;
      const args = [base, instanceId, room, userId, connectionId, JSON.stringify(name)];
      held.set(keyOf(room, attendee), args);
      const [first, memberCount] = await enter.run<[number, number]>(redis, [], args);
      return { first: first === 1, memberCount };
    },

    async leave(room, attendee, grace) {
      const { userId, connectionId } = attendee;
      held.delete(keyOf(room, attendee));
      const until = grace > 0 ? clock.now() + grace : "";
      const args = [base, instanceId, room, userId, connectionId, until];
      const departed = await leave.run<Departed | []>(redis, [], args);
      return departed.length === 0 ? undefined : toDeparture(departed);
    },

    async members(room, limit) {
      type Found = [userId: UserId, name: string, connections: number][];
      const [found, memberCount] = await members.run<[Found, number]>(redis, [], [base, room, limit]);
      const toMember = ([userId, name, connections]: Found[number]) => ({
        userId,
        name: JSON.parse(name) as string | null,
        connections,
      });
      return { members: found.map(toMember), memberCount };
    },

    async sweep() {
      type Swept = [isKnown: number, departed: Departed[]];
      const [known, departed] = await sweep.run<Swept>(redis, [], [base, instanceId, clock.now(), graceMs]);
      isKnown &&= known === 1;
      if (!isKnown) {
        await Promise.all([...held.values()].map((args) => enter.run(redis, [], args)));
        isKnown = true;
      }
      return departed.map(toDeparture);
    },
  };
}
