import type { ConnectionId, InstanceId, UserId } from "../../../shared/ids.ts";
import type { RoomName } from "../../../shared/room.ts";
import { batchesOf } from "../../runtime/batches-of.ts";
import type { RedisConnections } from "../redis/redis-connections.ts";
import type { RedisKeys } from "../redis/redis-keys.ts";
import type { Departure, Presence, PresentConnection } from "./presence.ts";
import { enter, leave, members, sweep } from "./redis-presence-scripts.ts";

/** Corrections sent at the same time. With more, the last ones might exceed the time limit of a command. */
const reconciledAtOnce = 500;

interface RedisPresenceOptions {
  redis: RedisConnections;
  keys: RedisKeys;
  instanceId: InstanceId;
  /** Grace period of the users of an instance that died, in which they can reconnect to another one. */
  graceMs: number;
}

type Entry = [room: RoomName, userId: UserId, connectionId: ConnectionId];
type Departed = [room: RoomName, userId: UserId, name: string, memberCount: number];

/** Keeps presence in Redis, for all instances. */
export function createRedisPresence({ redis, keys, instanceId, graceMs }: RedisPresenceOptions): Presence {
  const { base, heldBy } = keys.presence;
  /** The connections of this instance in rooms, each with the arguments of its `enter`. */
  const held = new Map<string, string[]>();
  /**
   * Redis may have other connections of this instance than it holds, and the next sweep compares them. Possible reasons:
   * Redis came back empty, Redis took this instance for dead, a command timed out and was executed all the same, or a
   * retry was executed after a later command. No other instance corrects this while this one lives.
   */
  let isDirty = false;
  redis.onRestored(() => {
    isDirty = true;
  });
  let sweeping = false;
  const keyOf = (room: RoomName, { userId, connectionId }: PresentConnection) => `${room} ${userId} ${connectionId}`;

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
        isDirty = true;
        throw error;
      }
    },

    async leave(room, attendee, grace) {
      const { userId, connectionId } = attendee;
      held.delete(keyOf(room, attendee));
      const args = [base, instanceId, room, userId, connectionId, grace];
      const departed = await leave.run<Departed | []>(redis, [], args).catch((error: unknown) => {
        isDirty = true;
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
      // While Redis is slow or unreachable, a second sweep would add to the load or fail for the same reason.
      if (sweeping) return [];
      sweeping = true;
      try {
        type Swept = [isKnown: number, departed: Departed[]];
        const [known, departed] = await sweep.run<Swept>(redis, [], [base, instanceId, graceMs]);
        if (known === 0) isDirty = true;
        if (isDirty) departed.push(...(await reconcile()));
        return departed.map(toDeparture);
      } finally {
        sweeping = false;
      }
    },
  };

  /** Corrects the connections of this instance in Redis. Returns the departures that this causes. */
  async function reconcile(): Promise<Departed[]> {
    isDirty = false;
    const departed: Departed[] = [];
    try {
      const recorded = await redis.attempt((client) => client.sMembers(heldBy(instanceId)));
      const entries = recorded.map((entry) => JSON.parse(entry) as Entry);
      const known = new Set(entries.map((entry) => entry.join(" ")));
      const missing = [...held].filter(([key]) => !known.has(key));
      const extra = entries.filter((entry) => !held.has(entry.join(" ")));
      await inPortions(extra, async (entry) => {
        // The connection may have entered again while others were corrected.
        if (held.has(entry.join(" "))) return;
        const left = await leave.run<Departed | []>(redis, [], [base, instanceId, ...entry, graceMs]);
        if (isDeparted(left)) departed.push(left);
      });
      await inPortions(missing, async ([key, args]) => {
        if (held.has(key)) await enter.run(redis, [], args);
      });
    } catch {
      // The next sweep tries again.
      isDirty = true;
    }
    return departed;
  }
}

const isDeparted = (answer: Departed | []): answer is Departed => answer.length > 0;

async function inPortions<T>(all: T[], run: (one: T) => Promise<void>): Promise<void> {
  for (const portion of batchesOf(all, reconciledAtOnce)) await Promise.all(portion.map(run));
}
