import type { PresentMember } from "../../../shared/commands/chat-commands.ts";
import type { ConnectionId, UserId } from "../../../shared/ids.ts";
import type { RoomName } from "../../../shared/room.ts";

/** One connection of a user in a room. */
export interface PresentConnection {
  userId: UserId;
  name: string | null;
  connectionId: ConnectionId;
}

/** A user who is no longer present in a room. */
export interface Departure {
  room: RoomName;
  userId: UserId;
  name: string | null;
  memberCount: number;
}

/**
 * Which users are in which room. A user with several connections counts once.
 * A user is present from the first connection until the last one has left and the grace period, if any, is over.
 * Every method is one atomic step, and rejects with `Rejection("unavailable")` when the store is unreachable.
 */
export interface Presence {
  /** Adds a connection of a user. Idempotent. `first`: the user was not present before. */
  enter(room: RoomName, attendee: PresentConnection): Promise<{ first: boolean; memberCount: number }>;

  /**
   * Removes a connection. Resolves with the departure if it was the user's last one and `graceMs` is 0. With a grace
   * period the user stays present for so long, and a later `sweep` returns the departure.
   */
  leave(room: RoomName, attendee: PresentConnection, graceMs: number): Promise<Departure | undefined>;

  /** The first `limit` present users, in the order in which they entered, and the number of all. */
  members(room: RoomName, limit: number): Promise<{ members: PresentMember[]; memberCount: number }>;

  /** The departures of users whose grace period has ended. Each departure is returned once, to one instance. */
  sweep(): Promise<Departure[]>;
}
