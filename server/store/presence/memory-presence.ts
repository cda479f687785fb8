import type { PresentMember } from "../../../shared/commands/chat-commands.ts";
import type { ConnectionId, UserId } from "../../../shared/ids.ts";
import type { RoomName } from "../../../shared/room.ts";
import { KnownMember } from "../../runtime/member-json.ts";
import type { StoreTime } from "../store-time.ts";
import type { Departure, Presence } from "./presence.ts";

interface Present {
  connections: Set<ConnectionId>;
  /** Replaced by a new object with every change, since its JSON is cached. */
  member: KnownMember;
}

/** Keeps presence in the memory of this process. */
export function createMemoryPresence({ time }: { time: StoreTime }): Presence {
  const rooms = new Map<RoomName, Map<UserId, Present>>();
  /** Users in their grace period, in the order in which it began. */
  const lingering = new Map<string, { room: RoomName; userId: UserId; until: number }>();

  const lingerKey = (room: RoomName, userId: UserId) => `${room}/${userId}`;

  function depart(room: RoomName, userId: UserId): Departure | undefined {
    const users = rooms.get(room);
    const present = users?.get(userId);
    if (!users || !present) return undefined;
    users.delete(userId);
    if (users.size === 0) rooms.delete(room);
    return { room, userId, name: present.member.name, memberCount: users.size };
  }

  return {
    async enter(room, { userId, name, connectionId }) {
      const users = rooms.get(room) ?? new Map<UserId, Present>();
      rooms.set(room, users);
      const before = users.get(userId);
      const connections = before?.connections ?? new Set();
      connections.add(connectionId);
      const member = new KnownMember({ userId, name: before?.member.name ?? name, connections: connections.size });
      if (before) before.member = member;
      else users.set(userId, { connections, member });
      lingering.delete(lingerKey(room, userId));
      return { first: before === undefined, memberCount: users.size };
    },

    async leave(room, { userId, connectionId }, graceMs) {
      const present = rooms.get(room)?.get(userId);
      if (!present?.connections.delete(connectionId)) return undefined;
      present.member = new KnownMember({ ...present.member, connections: present.connections.size });
      if (present.connections.size > 0) return undefined;
      if (graceMs <= 0) return depart(room, userId);
      lingering.set(lingerKey(room, userId), { room, userId, until: time.now() + graceMs });
      return undefined;
    },

    async members(room, limit) {
      const users = rooms.get(room) ?? new Map<UserId, Present>();
      const members: PresentMember[] = [];
      for (const { member } of users.values()) {
        if (members.length === limit) break;
        members.push(member);
      }
      return { members, memberCount: users.size };
    },

    async sweep() {
      const departures: Departure[] = [];
      for (const [key, { room, userId, until }] of lingering) {
        if (until > time.now()) continue;
        lingering.delete(key);
        const departure = depart(room, userId);
        if (departure) departures.push(departure);
      }
      return departures;
    },
  };
}
