import type { Envelope, LoggedEnvelope } from "../../../shared/envelope.ts";
import type { EventId } from "../../../shared/ids.ts";
import type { Position } from "../../../shared/position.ts";
import type { LogName } from "../../../shared/room.ts";

/**
 * Bounded, ordered logs of events.
 *
 * - Offsets of a log count from 1 without gaps. An epoch lasts for as long as the log's history is one piece.
 * - An append is one atomic step: idempotency, offset, event, announcement. Followers are told in the order of the
 *   offsets, as long as the announcements get through; they may get lost or come twice, and never come changed.
 * - A log that does not exist is an empty one.
 * - Every method rejects with `Rejection("unavailable")` when the store is out of reach, and then nothing was accepted.
 */
export interface EventLog {
  /**
   * Adds an event at the next offset.
   * With a `dedupe` key that was used on this log within the last 10 minutes nothing is added, and the answer is that
   * of the first append, with `duplicate: true`.
   */
  append(log: LogName, event: Envelope, dedupe?: string): Promise<Appended>;

  /** The oldest `limit` events with an offset above `after`, in order. */
  read(log: LogName, after: number, limit: number): Promise<LogSlice>;

  /** The newest `limit` events with an offset below `before`, in order. Without `before`: the newest of all. */
  readBack(log: LogName, before: number | undefined, limit: number): Promise<LogSlice>;

  /** Where the log begins and ends now. */
  bounds(log: LogName): Promise<LogBounds>;

  /**
   * Announces every later append to `follower`, until the returned function is called.
   * When the promise resolves, no append from then on is missed but by a loss of the connection to the store.
   */
  follow(log: LogName, follower: Follower): Promise<() => void>;
}

export interface Appended {
  id: EventId;
  position: Position;
  timestamp: string;
  duplicate: boolean;
}

export interface LogBounds {
  epoch: string;
  /** Every event at or after this offset is kept: whoever has what is before it can go on. `last + 1` when none is. */
  first: number;
  /** Offset of the newest event, kept or not; 0 when there never was one. */
  last: number;
}

export interface LogSlice {
  bounds: LogBounds;
  events: LoggedEnvelope[];
}

export interface Follower {
  announced(event: LoggedEnvelope): void;
  /** Announcements may have been lost: compare with the log. */
  interrupted(): void;
}

/** How long an idempotency key is remembered. */
export const dedupeWindowMs = 10 * 60_000;
