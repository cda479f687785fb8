import { z } from "zod";
import { EventTypeName } from "../commands/fields.ts";
import { ErrorCode } from "../error-code.ts";
import { ConnectionId, EventId, InstanceId, UserId } from "../ids.ts";
import { Timestamp } from "../json.ts";
import { keysEnum } from "../keys-enum.ts";
import { Position } from "../position.ts";
import { RoomName } from "../room.ts";

/** Why a connection has not got an event. */
export const traceDrops = {
  not_a_member: "The connection is not in the room, and follows no topic that the event matches.",
  filtered_by_type: "The connection follows the topic, but not events of this type.",
  not_live: "The connection is catching up; the event is in the reply to its join or subscription.",
  backlog: "The connection did not read what was sent to it, and was closed before this event was written.",
  closed: "The connection ended before the event was written.",
} as const;

export const TraceDrop = keysEnum(traceDrops).meta({
  id: "TraceDrop",
  description: "Why a connection did not get an event.",
});
export type TraceDrop = keyof typeof traceDrops;

/** Every step has these. */
export const traceStepFields = { traceId: z.string(), at: Timestamp, instanceId: InstanceId };

const event = z
  .strictObject({
    id: EventId,
    type: EventTypeName,
    room: RoomName,
    position: Position.optional().describe("Of durable events; not known yet where the event is being published."),
  })
  .meta({ id: "TracedEvent", description: "The event that a step of a trace concerns." });
const receiver = { connectionId: ConnectionId, userId: UserId };

export const TraceStep = z
  .discriminatedUnion("step", [
    z
      .strictObject({
        ...traceStepFields,
        step: z.literal("command"),
        ...receiver,
        command: z.string(),
        code: ErrorCode.nullable(),
        milliseconds: z.number().min(0),
      })
      .describe("A command of the connection was carried out (`code` is `null`) or refused."),
    z
      .strictObject({ ...traceStepFields, step: z.literal("published"), event, by: UserId.nullable() })
      .describe("The event was accepted; a durable one is in its log."),
    z
      .strictObject({ ...traceStepFields, step: z.literal("audience"), event, connections: z.int().min(0) })
      .describe("The event reached an instance, where this number of connections is to get it."),
    z
      .strictObject({
        ...traceStepFields,
        step: z.literal("delivered"),
        ...receiver,
        event,
        backlogBytes: z.int().min(0).describe("What waits before it."),
      })
      .describe("The event was queued for writing to the connection."),
    z
      .strictObject({
        ...traceStepFields,
        step: z.literal("written"),
        ...receiver,
        event,
        milliseconds: z.number().min(0),
      })
      .describe("The network took the event."),
    z
      .strictObject({ ...traceStepFields, step: z.literal("dropped"), ...receiver, event, why: TraceDrop })
      .describe("The connection did not get the event."),
    z
      .strictObject({ ...traceStepFields, step: z.literal("left_out"), steps: z.int().min(1) })
      .describe("This number of steps beyond the rate is counted and not sent."),
  ])
  .meta({ id: "TraceStep", description: "What became of an event or a command, as one instance saw it." });
export type TraceStep = z.infer<typeof TraceStep>;
