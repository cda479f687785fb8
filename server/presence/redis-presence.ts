import type { ConnectionId, InstanceId, UserId } from "../../shared/ids.ts";
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
 *   prefix:{presence}:known               set: instances whose holdings are complete here, as far as anybody knows
 *   prefix:{presence}:dead                set: instances of which something is still held
 *   prefix:{presence}:swept               when any instance swept last, in ms of Redis
 *   prefix:{presence}:order               counter of arrivals
 * What an instance holds is let go by whoever sweeps when it is dead, so nothing here needs to expire.
 */
const baseOf = (prefix: string) => `${prefix}:{presence}:`;

/** An instance beats with every sweep; one that has not for so long is dead, and its users are let go. */
const deadAfterMs = 5_000;
/** When nobody at all has swept for so long it was Redis that was away, and nobody's silence says anything. */
const redisAwayMs = 2_000;
/** How much one sweep does at most, since nothing else happens in Redis meanwhile. */
const sweepLimit = 1_000;
/** How much an instance says again at once: more might not be done in the time that a command has. */
const reconciledAtOnce = 500;

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
`;

/** ARGV: 2 instance, 3 room, 4 user, 5 connection, 6 name as JSON. Answers whether the user was not present, and how many are. */
const enter = new RedisScript(`${opening}
local instance, room, user, connection = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
redis.call('SADD', base .. 'of:' .. instance, cjson.encode({room, user, connection}))
-- It may die before its first sweep, and what it holds has to be found then.
redis.call('ZADD', base .. 'instances', 'NX', millis, instance)
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
    leave(other, room, user, connection, tonumber(ARGV[3]) + tonumber(ARGV[4]))
  end
  left = left - #held
  if left <= 0 then break end
  redis.call('SREM', dead, other)
end
local departures = {}
for _, held in ipairs(redis.call('ZRANGE', base .. 'lingering', '-inf', ARGV[3], 'BYSCORE', 'LIMIT', 0, ${sweepLimit})) do
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

type Entry = [room: RoomName, userId: UserId, connectionId: ConnectionId];
type Departed = [room: RoomName, userId: UserId, name: string, memberCount: number];

/** Keeps who is present on any instance. */
export function createRedisPresence({ redis, clock, prefix, instanceId, graceMs }: RedisPresenceOptions): Presence {
  const base = baseOf(prefix);
  /** The `enter`s that this instance holds. */
  const held = new Map<string, string[]>();
  /**
   * What Redis has of this instance may not be what it holds: Redis came back empty, or took this instance for dead; a
   * command that was given up may have been carried out or not; one that was tried again may have been overtaken.
   * Nobody else would mend it while this instance lives.
   */
  let inDoubt = false;
  redis.onRestored(() => {
    inDoubt = true;
  });
  let sweeping = false;
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
      try {
        const [first, memberCount] = await enter.run<[number, number]>(redis, [], args);
        return { first: first === 1, memberCount };
      } catch (error) {
        held.delete(keyOf(room, attendee));
        inDoubt = true;
        throw error;
      }
    },

    async leave(room, attendee, grace) {
      const { userId, connectionId } = attendee;
      held.delete(keyOf(room, attendee));
      const until = grace > 0 ? clock.now() + grace : "";
      const args = [base, instanceId, room, userId, connectionId, until];
      const departed = await leave.run<Departed | []>(redis, [], args).catch((error: unknown) => {
        inDoubt = true;
        throw error;
      });
      return isDeparted(departed) ? toDeparture(departed) : undefined;
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
      // While Redis is slow or away another one would add to its load, or fail for the same reason.
      if (sweeping) return [];
      sweeping = true;
      try {
        type Swept = [isKnown: number, departed: Departed[]];
        const [known, departed] = await sweep.run<Swept>(redis, [], [base, instanceId, clock.now(), graceMs]);
        if (known === 0) inDoubt = true;
        if (inDoubt) departed.push(...(await reconcile()));
        return departed.map(toDeparture);
      } finally {
        sweeping = false;
      }
    },
  };

  /** Makes Redis have what this instance holds; returns who departed with what it holds no more. */
  async function reconcile(): Promise<Departed[]> {
    inDoubt = false;
    const departed: Departed[] = [];
    try {
      const recorded = await redis.attempt((client) => client.sMembers(`${base}of:${instanceId}`));
      const entries = recorded.map((entry) => JSON.parse(entry) as Entry);
      const known = new Set(entries.map((entry) => entry.join(" ")));
      const missing = [...held].filter(([key]) => !known.has(key));
      const extra = entries.filter((entry) => !held.has(entry.join(" ")));
      const until = graceMs > 0 ? clock.now() + graceMs : "";
      await inPortions(extra, async (entry) => {
        // It may have come back while others were being mended.
        if (held.has(entry.join(" "))) return;
        const left = await leave.run<Departed | []>(redis, [], [base, instanceId, ...entry, until]);
        if (isDeparted(left)) departed.push(left);
      });
      await inPortions(missing, async ([key, args]) => {
        if (held.has(key)) await enter.run(redis, [], args);
      });
    } catch {
      // The next sweep tries again.
      inDoubt = true;
    }
    return departed;
  }
}

const isDeparted = (answer: Departed | []): answer is Departed => answer.length > 0;

async function inPortions<T>(all: T[], run: (one: T) => Promise<void>): Promise<void> {
  for (let next = 0; next < all.length; next += reconciledAtOnce) {
    await Promise.all(all.slice(next, next + reconciledAtOnce).map(run));
  }
}
