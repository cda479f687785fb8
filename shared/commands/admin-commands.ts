import { z } from "zod";
import { Connection } from "../entities/connection.ts";
import { Revocation, Revoked } from "../entities/revocation.ts";
import { Instance, ServerStats } from "../entities/server-stats.ts";
import { announcement } from "../events/user-events.ts";
import { exactlyOneOf } from "../exactly-one.ts";
import { ConnectionId, UserId } from "../ids.ts";
import { Timestamp } from "../json.ts";
import { limits } from "../limits.ts";
import { namespaces } from "../namespace.ts";
import { Position } from "../position.ts";
import { RoomName } from "../room.ts";
import { PresentMember } from "./chat-commands.ts";
import { defineCommand } from "./define-command.ts";
import { Cursor, ListLimit, NextCursor, Nothing, PublishedReply } from "./fields.ts";

export const adminStats = defineCommand({
  name: "admin.stats",
  description: "All instances together.",
  payload: Nothing,
  reply: ServerStats,
});

export const adminInstances = defineCommand({
  name: "admin.instances",
  description: "Every instance.",
  payload: Nothing,
  reply: z.strictObject({ instances: z.array(Instance) }),
});

export const adminConnections = defineCommand({
  name: "admin.connections",
  description: "Connections of all instances, by instance, and within one by user.",
  payload: z.strictObject({
    cursor: Cursor.optional(),
    limit: ListLimit,
    userId: UserId.optional(),
    namespace: z.enum(namespaces).optional(),
  }),
  reply: z.strictObject({ connections: z.array(Connection), nextCursor: NextCursor }),
});

export const adminRooms = defineCommand({
  name: "admin.rooms",
  description: "Rooms that have a connection, or a subscription to the room itself, in the order of their names.",
  payload: z.strictObject({
    cursor: Cursor.optional(),
    limit: ListLimit,
    prefix: z
      .string()
      .max(limits.roomNameLength)
      .optional()
      .describe("The beginning of the rooms' names, such as `conversation:`."),
  }),
  reply: z.strictObject({
    rooms: z.array(z.strictObject({ room: RoomName, connections: z.int().min(0) })),
    nextCursor: NextCursor,
  }),
});

export const adminRoom = defineCommand({
  name: "admin.room",
  description: "One room, also one without connections.",
  payload: z.strictObject({ room: RoomName }),
  reply: z.strictObject({
    room: RoomName,
    connections: z.int().min(0).describe("In the room, or with a subscription to the room itself."),
    members: z.array(PresentMember).describe("Users who are there; empty for rooms that are no conversations."),
    memberCount: z.int().min(0),
    position: Position.nullable().describe("The head of the room's log; `null` when nothing was ever published there."),
    rate: z.number().min(0).describe("Events per second, over the last few seconds."),
  }),
});

export const adminDisconnect = defineCommand({
  name: "admin.disconnect",
  description:
    "Ends connections on any instance, with reason `kicked`; an instance that is cut off from Redis does so when it is connected again. `not_found` when there is none.",
  payload: exactlyOneOf(
    z.strictObject({
      connectionId: ConnectionId.optional(),
      userId: UserId.optional(),
      reason: z.string().min(1).max(limits.reasonLength).describe("For the audit log."),
    }),
    "connectionId",
    "userId",
  ),
  reply: z.strictObject({ disconnected: z.int().min(0).describe("The number of connections that are ended.") }),
});

export const adminRevoke = defineCommand({
  name: "admin.revoke",
  description: "Refuses tokens from now on, and ends their connections.",
  payload: Revocation,
  reply: Revoked,
});

export const adminAnnounce = defineCommand({
  name: "admin.announce",
  description: "Publishes an `announcement`.",
  payload: announcement.data,
  reply: PublishedReply,
});

export const adminTrace = defineCommand({
  name: "admin.trace",
  description:
    "Follows the events of a room, or the events and commands of a connection, on every instance. What happens to each comes as `admin.trace` to the connection that asked.",
  payload: exactlyOneOf(
    z.strictObject({
      connectionId: ConnectionId.optional(),
      room: RoomName.optional(),
      seconds: z.int().min(1).max(limits.traceSecondsMax),
    }),
    "connectionId",
    "room",
  ),
  reply: z.strictObject({ traceId: z.string(), until: Timestamp }),
});

const LogLevel = z.enum(["error", "warn", "info", "debug"]);
export type LogLevel = z.infer<typeof LogLevel>;

export const adminLogLevel = defineCommand({
  name: "admin.log_level",
  description: "Sets what all instances log, until they are started again.",
  payload: z.strictObject({ level: LogLevel }),
  reply: z.strictObject({ level: LogLevel }),
});
