import { z } from "zod";
import { EventType } from "../event-type.ts";
import { EventId } from "../ids.ts";
import { Timestamp } from "../json.ts";
import { limits } from "../limits.ts";
import { Position } from "../position.ts";
import { RoomName } from "../room.ts";
import { Sender } from "../sender.ts";

/** Apart from the enum itself, which is part of the client's package. */
export const EventTypeName = z.enum(EventType).meta({ id: "EventType", description: "The type of an event." });

/** How many events a join, a subscription or a page of history brings at once. */
export const EventLimit = z.int().min(1).max(limits.pageMax).default(limits.pageDefault);

/** How many items a page of a list has. */
export const ListLimit = z.int().min(1).max(limits.listPageMax).default(limits.pageDefault);

export const Cursor = z
  .string()
  .min(1)
  .max(1_024)
  .meta({ id: "Cursor", description: "Opaque: the `nextCursor` of the page before." });

export const NextCursor = Cursor.nullable().describe("`null` on the last page.");

export const Nothing = z.strictObject({});

/** An event of a log, as a reply carries it. */
export const LoggedEvent = z
  .object({
    id: EventId,
    type: EventTypeName,
    room: RoomName,
    position: Position,
    timestamp: Timestamp.describe("The server's clock."),
    sender: Sender.nullable().describe("`null`: the server itself."),
    correlationId: z.string().nullable(),
    data: z.record(z.string(), z.unknown()).describe("Depends on `type`."),
  })
  .meta({ id: "Envelope", description: "A durable event." });

export const LatestEvent = LoggedEvent.omit({ position: true }).meta({
  id: "EphemeralEnvelope",
  description: "An ephemeral event: an `Envelope` without `position`.",
});

/** What a publisher can rely on: the event is in the log, at this position. */
export const PublishedReply = z
  .strictObject({
    id: EventId,
    position: Position,
    timestamp: Timestamp,
    duplicate: z
      .boolean()
      .describe("The same id came from the same sender before; the rest is the reply to the first request."),
  })
  .meta({ id: "Published", description: "The event is in the log, at this position." });
export type PublishedReply = z.infer<typeof PublishedReply>;

export const LostReason = z.enum(["trimmed", "epoch_changed", "ahead_of_log"]).meta({
  id: "LostReason",
  description:
    "Why history is gone. `trimmed`: the log has dropped what follows the position; `epoch_changed`: the log began anew; `ahead_of_log`: the log does not reach that far.",
});
export type LostReason = z.infer<typeof LostReason>;

/** How a resume went. */
export const resumeFields = {
  joined: z.boolean().describe("`false` while events are missing: ask again with `after: position`."),
  position: Position.describe("The position to go on from."),
  events: z
    .array(LoggedEvent)
    .describe(`Oldest first; as many as fit into ${limits.pageBytes / 1_024} KiB. A larger event comes alone.`),
  hasMore: z.boolean().describe("More events follow `position`."),
  recovered: z
    .boolean()
    .optional()
    .describe("Present when the client gave a position: whether everything after it was there."),
  lostReason: LostReason.optional().describe("Present when history is gone; `events` are the latest."),
};
