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

/** Messages to one connection about that connection: the name on the wire, and the shape of the one argument. */
export const systemMessages = {
  "system.connection.established": z
    .strictObject({
      connectionId: ConnectionId,
      userId: UserId,
      roles: z.array(Role),
      namespace: z
        .enum([...namespaces, "/ws", "/api/events"])
        .describe("`/ws` at that door, which serves two namespaces; `/api/events` on an event stream."),
      instanceId: InstanceId,
      protocolVersion: z.literal(protocolVersion),
      serverTime: Timestamp,
      tokenExpiresAt: Timestamp,
      heartbeatIntervalMs: z.int().min(1),
      limits: ConnectionLimits,
    })
    .describe("The first message on a connection."),
  "system.ping": z
    .strictObject({ timestamp: z.int().min(0).describe("Milliseconds since 1970.") })
    .describe("The heartbeat. The client answers with `system.pong` and the same value."),
  "system.connection.close": z
    .strictObject({
      reason: DisconnectReason,
      retryAfterMs: z.int().min(0).optional().describe("The wait before the next attempt to connect."),
    })
    .describe("The connection ends now. The table of disconnect reasons says what the client must do."),
  "system.error": z
    .strictObject({
      command: z.string().nullable().describe("`null` for a frame that could not be read."),
      error: ReplyError,
    })
    .describe("A command without a callback failed."),
  "system.token.expiring": z.strictObject({ expiresAt: Timestamp }).describe("Sent 60 s before the token expires."),
  "system.room.reset": z
    .strictObject({
      room: LogName.describe("`monitoring` for the log that all topics of `/monitoring` share."),
      position: Position.describe("The place where the log goes on for this client."),
      reason: LostReason,
    })
    .describe("The log lost history that this connected client had not received."),
  "system.room.left": z
    .strictObject({
      room: z.union([RoomName, Topic]),
      reason: z
        .enum(["removed", "forbidden"])
        .describe("`removed` from the conversation, or `forbidden` by a refreshed token."),
    })
    .describe("The client is no longer in the room, or no longer follows the topic."),
} as const;

type SystemMessageName = keyof typeof systemMessages;
export type SystemMessageData<Name extends SystemMessageName> = z.output<(typeof systemMessages)[Name]>;
