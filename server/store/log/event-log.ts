import type { Envelope, LoggedEnvelope } from "../../../shared/envelope.ts";
import type { EventId } from "../../../shared/ids.ts";
import type { Position } from "../../../shared/position.ts";
import type { LogName } from "../../../shared/room.ts";

/**
 * Bounded, ordered logs of events.
 *
 * - Offsets of a log count from 1 without gaps. A new epoch begins when history was lost.
 * - An append is one atomic step: idempotency check, offset, event, announcement. Announcements arrive in the order of
 *   the offsets. They may be lost or arrive twice, but never with other content.
 * - A log that does not exist is an empty log.
 * - Every method rejects with `Rejection("unavailable")` when the store is unreachable, and then nothing was accepted.
 */
export interface EventLog {
  /**
   * Adds an event at the next offset.
   * If the `dedupe` key was used on this log within the last 10 minutes, nothing is added, and the result is that of
   * the first append with `duplicate: true`.
   */
  append(log: LogName, event: Envelope, dedupe?: string): Promise<Appended>;

  /** The oldest `limit` events with an offset above `after`, in order. */
  read(log: LogName, after: number, limit: number): Promise<LogSlice>;

  /** The newest `limit` events with an offset below `before`, in order. Without `before`: the newest of all. */
  readBack(log: LogName, before: number | undefined, limit: number): Promise<LogSlice>;

  /** The epoch and the first and last offset of the log. */
  bounds(log: LogName): Promise<LogBounds>;

  /**
   * Announces appends to `follower` until the returned function is called. Once the promise has resolved, every append
   * is announced unless the connection to the store is lost; the follower is then `interrupted`.
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
  /** Offset of the oldest event that is kept; `last + 1` if none is. A client that has the event before can continue. */
  first: number;
  /** Offset of the newest event, even if it is no longer kept; 0 if there never was an event. */
  last: number;
}

export interface LogSlice {
  bounds: LogBounds;
  events: LoggedEnvelope[];
}

export interface Follower {
  announced(event: LoggedEnvelope): void;
  /** Announcements may have been lost: the follower has to read the log. */
  interrupted(): void;
}

/** How long an idempotency key is kept. */
export const dedupeWindowMs = 10 * 60_000;
