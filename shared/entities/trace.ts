import { z } from "zod";
import { ErrorCode } from "../error-code.ts";
import { EventType } from "../event-type.ts";
import { ConnectionId, EventId, InstanceId, UserId } from "../ids.ts";
import { Timestamp } from "../json.ts";
import { Position } from "../position.ts";
import { RoomName } from "../room.ts";

/** Why a connection has not got an event. */
export const TraceDrop = z.enum([
  /** It is not in the room, and watches no topic that the event matches. */
  "not_a_member",
  /** It watches the topic, but not events of this type. */
  "filtered_by_type",
  /** It is still catching up: the event will be in the reply to its join or subscription. */
  "not_live",
  /** It did not read what was sent to it, and was closed before this was written. */
  "backlog",
  /** The connection ended before it was written. */
  "closed",
]);
export type TraceDrop = z.infer<typeof TraceDrop>;

const base = { traceId: z.string(), at: Timestamp, instanceId: InstanceId };
const event = z.strictObject({
  id: EventId,
  type: z.enum(EventType),
  room: RoomName,
  /** Durable events only; not known yet where it is being published. */
  position: Position.optional(),
});
const receiver = { connectionId: ConnectionId, userId: UserId };

/** What has become of an event or a command, as one instance saw it. */
export const TraceStep = z.discriminatedUnion("step", [
  /** A command of the connection was carried out, or refused with `code`. */
  z.strictObject({
    ...base,
    ...receiver,
    step: z.literal("command"),
    command: z.string(),
    code: ErrorCode.nullable(),
    milliseconds: z.number().min(0),
  }),
  /** It was accepted: a durable one is in its log. */
  z.strictObject({ ...base, step: z.literal("published"), event, by: UserId.nullable() }),
  /** It has reached an instance, where so many connections are to get it. */
  z.strictObject({ ...base, step: z.literal("audience"), event, connections: z.int().min(0) }),
  /** It was put where the connection's messages wait to be written; the backlog is what waits before it. */
  z.strictObject({ ...base, ...receiver, step: z.literal("delivered"), event, backlogBytes: z.int().min(0) }),
  /** The network has taken it. */
  z.strictObject({ ...base, ...receiver, step: z.literal("written"), event, milliseconds: z.number().min(0) }),
  z.strictObject({ ...base, ...receiver, step: z.literal("dropped"), event, why: TraceDrop }),
  /** More happened than is told: so many steps were left out. */
  z.strictObject({ ...base, step: z.literal("left_out"), steps: z.int().min(1) }),
]);
export type TraceStep = z.infer<typeof TraceStep>;
