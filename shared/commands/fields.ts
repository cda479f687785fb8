import { z } from "zod";
import { EventType } from "../event-type.ts";
import { EventId } from "../ids.ts";
import { limits } from "../limits.ts";
import { Position } from "../position.ts";
import { RoomName } from "../room.ts";
import { Sender } from "../sender.ts";

/** How many events a join, a subscription or a page of history may bring at once. */
export const EventLimit = z.int().min(1).max(limits.pageMax).default(limits.pageDefault);

/** How many items a page of a list has. */
export const ListLimit = z.int().min(1).max(limits.listPageMax).default(limits.pageDefault);

/** Opaque: the `nextCursor` of the page before. */
export const Cursor = z.string().min(1).max(1_024);

export const Nothing = z.strictObject({});

/** An event of a log, as a reply carries it. Its `data` is described by the definition of its type. */
export const LoggedEvent = z.object({
  id: EventId,
  type: z.enum(EventType),
  room: RoomName,
  position: Position,
  timestamp: z.iso.datetime(),
  sender: Sender.nullable(),
  correlationId: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
});

/** The newest event of a component that is ephemeral: it is in no log and has no position. */
export const LatestEvent = LoggedEvent.omit({ position: true });

/** What a publisher can rely on: the event is in the log, at this position. */
export const PublishedReply = z.strictObject({
  id: EventId,
  position: Position,
  timestamp: z.iso.datetime(),
  /** The same id came from the same sender before; this is the reply of the first. */
  duplicate: z.boolean(),
});
export type PublishedReply = z.infer<typeof PublishedReply>;

export const LostReason = z.enum(["trimmed", "epoch_changed", "ahead_of_log"]);
export type LostReason = z.infer<typeof LostReason>;

/** How a resume went. `recovered` is there when the client gave a position, `lostReason` when history was gone. */
export const resumeFields = {
  joined: z.boolean(),
  position: Position,
  events: z.array(LoggedEvent),
  hasMore: z.boolean(),
  recovered: z.boolean().optional(),
  lostReason: LostReason.optional(),
};
