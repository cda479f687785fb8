import { z } from "zod";
import { LostReason } from "./commands/fields.ts";
import { DisconnectReason } from "./disconnect-reason.ts";
import { ConnectionId, InstanceId, UserId } from "./ids.ts";
import { Timestamp } from "./json.ts";
import { ConnectionLimits } from "./limits.ts";
import { namespaces } from "./namespace.ts";
import { Position } from "./position.ts";
import { protocolVersion } from "./protocol.ts";
import { ReplyError } from "./reply.ts";
import { Role } from "./role.ts";
import { LogName, RoomName } from "./room.ts";
import { Topic } from "./topic.ts";

/** What the server says to one connection about itself; every name on the wire with the shape of its one argument. */
export const systemMessages = {
  /** The first thing that a client hears. */
  "system.connection.established": z.strictObject({
    connectionId: ConnectionId,
    userId: UserId,
    roles: z.array(Role),
    /** `/ws` on the plain WebSocket door, which serves the commands of two namespaces; `/api/events` for an event stream. */
    namespace: z.enum([...namespaces, "/ws", "/api/events"]),
    instanceId: InstanceId,
    protocolVersion: z.literal(protocolVersion),
    serverTime: Timestamp,
    tokenExpiresAt: Timestamp,
    heartbeatIntervalMs: z.int().min(1),
    limits: ConnectionLimits,
  }),
  /** To be answered by `system.pong` with the same value: milliseconds since 1970. */
  "system.ping": z.strictObject({ timestamp: z.int().min(0) }),
  /** The connection ends now. What to do then is in the table of disconnect reasons. */
  "system.connection.close": z.strictObject({ reason: DisconnectReason, retryAfterMs: z.int().min(0).optional() }),
  /** A command without a callback has failed; `command` is `null` for a frame that could not be read. */
  "system.error": z.strictObject({ command: z.string().nullable(), error: ReplyError }),
  /** 60 s before the token expires. */
  "system.token.expiring": z.strictObject({ expiresAt: Timestamp }),
  /** Events were lost under the subscriber, who goes on from `position`. `room` is `monitoring` for the log that all its topics share. */
  "system.room.reset": z.strictObject({ room: LogName, position: Position, reason: LostReason }),
  /** The client is no longer in the room: it was `removed`, or a refreshed token does not allow it (`forbidden`). */
  "system.room.left": z.strictObject({ room: z.union([RoomName, Topic]), reason: z.enum(["removed", "forbidden"]) }),
} as const;

export type SystemMessageName = keyof typeof systemMessages;
export type SystemMessageData<Name extends SystemMessageName> = z.output<(typeof systemMessages)[Name]>;
