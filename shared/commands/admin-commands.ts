import { z } from "zod";
import { Connection } from "../entities/connection.ts";
import { Revocation, Revoked } from "../entities/revocation.ts";
import { Instance, ServerStats } from "../entities/server-stats.ts";
import { announcement } from "../events/user-events.ts";
import { exactlyOne } from "../exactly-one.ts";
import { ConnectionId, UserId } from "../ids.ts";
import { Timestamp } from "../json.ts";
import { limits } from "../limits.ts";
import { namespaces } from "../namespace.ts";
import { Position } from "../position.ts";
import { RoomName } from "../room.ts";
import { PresentMember } from "./chat-commands.ts";
import { defineCommand } from "./define-command.ts";
import { Cursor, ListLimit, Nothing, PublishedReply } from "./fields.ts";

export const adminStats = defineCommand({ name: "admin.stats", payload: Nothing, reply: ServerStats });

export const adminInstances = defineCommand({
  name: "admin.instances",
  payload: Nothing,
  reply: z.strictObject({ instances: z.array(Instance) }),
});

export const adminConnections = defineCommand({
  name: "admin.connections",
  payload: z.strictObject({
    cursor: Cursor.optional(),
    limit: ListLimit,
    userId: UserId.optional(),
    namespace: z.enum(namespaces).optional(),
  }),
  reply: z.strictObject({ connections: z.array(Connection), nextCursor: Cursor.nullable() }),
});

export const adminRooms = defineCommand({
  name: "admin.rooms",
  payload: z.strictObject({
    cursor: Cursor.optional(),
    limit: ListLimit,
    /** What the rooms' names begin with, such as `conversation:`. */
    prefix: z.string().max(limits.roomNameLength).optional(),
  }),
  reply: z.strictObject({
    rooms: z.array(z.strictObject({ room: RoomName, connections: z.int().min(0) })),
    nextCursor: Cursor.nullable(),
  }),
});

export const adminRoom = defineCommand({
  name: "admin.room",
  payload: z.strictObject({ room: RoomName }),
  reply: z.strictObject({
    room: RoomName,
    /** How many connections are in it, or watch it by its name. */
    connections: z.int().min(0),
    /** Users who are there; of rooms that know their members, which are conversations. */
    members: z.array(PresentMember),
    memberCount: z.int().min(0),
    /** The head of its log; `null` when nothing was ever published there. */
    position: Position.nullable(),
    /** Events per second, over the last few seconds. */
    rate: z.number().min(0),
  }),
});

/** Ends connections with the reason `kicked`; `reason` is for the audit. The reply has how many there were. */
export const adminDisconnect = defineCommand({
  name: "admin.disconnect",
  payload: z
    .strictObject({
      connectionId: ConnectionId.optional(),
      userId: UserId.optional(),
      reason: z.string().min(1).max(limits.reasonLength),
    })
    .refine(exactlyOne("connectionId", "userId"), "needs exactly one of connectionId and userId"),
  reply: z.strictObject({ disconnected: z.int().min(0) }),
});

export const adminRevoke = defineCommand({ name: "admin.revoke", payload: Revocation, reply: Revoked });

export const adminAnnounce = defineCommand({
  name: "admin.announce",
  payload: announcement.data,
  reply: PublishedReply,
});

/**
 * For so many seconds the connection that asks is told, as `admin.trace`, what becomes of the events of a room, or of
 * those that reach a connection and the commands that it sends; on every instance.
 */
export const adminTrace = defineCommand({
  name: "admin.trace",
  payload: z
    .strictObject({
      connectionId: ConnectionId.optional(),
      room: RoomName.optional(),
      seconds: z.int().min(1).max(limits.traceSecondsMax),
    })
    .refine(exactlyOne("connectionId", "room"), "needs exactly one of connectionId and room"),
  reply: z.strictObject({ traceId: z.string(), until: Timestamp }),
});

const LogLevel = z.enum(["error", "warn", "info", "debug"]);
export type LogLevel = z.infer<typeof LogLevel>;

/** For all instances, until they are started again. */
export const adminLogLevel = defineCommand({
  name: "admin.log_level",
  payload: z.strictObject({ level: LogLevel }),
  reply: z.strictObject({ level: LogLevel }),
});
