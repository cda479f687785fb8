import type { PresentMember } from "../../../shared/commands/chat-commands.ts";
import type { ConnectionId, UserId } from "../../../shared/ids.ts";
import type { RoomName } from "../../../shared/room.ts";

/** One connection of a user in a room. */
export interface PresentConnection {
  userId: UserId;
  name: string | null;
  connectionId: ConnectionId;
}

/** A user whom the last connection has left, for good. */
export interface Departure {
  room: RoomName;
  userId: UserId;
  name: string | null;
  memberCount: number;
}

/**
 * Who is in which room, counted per user over connections.
 * A user is present from the first connection on until the last one has left and the grace period, if any, is over.
 * Every method is one atomic step, and rejects with `Rejection("unavailable")` when the store is out of reach.
 */
export interface Presence {
  /** Entering twice with the same connection changes nothing. `first`: the user was not present before. */
  enter(room: RoomName, attendee: PresentConnection): Promise<{ first: boolean; memberCount: number }>;

  /**
   * Resolves with the departure if the user is gone with this. With `graceMs` above 0 a user whose last connection
   * this was stays present for so long, and is then found by `sweep`.
   */
  leave(room: RoomName, attendee: PresentConnection, graceMs: number): Promise<Departure | undefined>;

  /** At most `limit` of those present, in the order in which they came, and how many there are. */
  members(room: RoomName, limit: number): Promise<{ members: PresentMember[]; memberCount: number }>;

  /** Those whose grace period has ended since the last call; each departure is given to one caller once. */
  sweep(): Promise<Departure[]>;
}
