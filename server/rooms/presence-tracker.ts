import { userJoined, userLeft } from "../../shared/events/chat-events.ts";
import { parseRoom, type RoomName } from "../../shared/room.ts";
import type { Publisher } from "../publish/publisher.ts";
import type { Failed } from "../runtime/failed.ts";
import type { Session } from "../session/session.ts";
import type { Departure, Presence, PresentConnection } from "../store/presence/presence.ts";

export interface PresenceTrackerDeps {
  presence: Presence;
  publisher: Publisher;
  /** How long a user who lost the last connection is still taken to be there. */
  graceMs: number;
  failed: Failed;
}

/** How often it is looked whose grace period is over. */
const sweepMs = 250;

/** Lets a session enter and leave rooms, and tells those who stay. Only conversations have somebody to tell. */
export class PresenceTracker {
  readonly #deps: PresenceTrackerDeps;
  readonly #sweeping: NodeJS.Timeout;

  constructor(deps: PresenceTrackerDeps) {
    this.#deps = deps;
    this.#sweeping = setInterval(() => void this.sweep(), sweepMs).unref();
  }

  /** Resolves with what is to be told when the user's arrival is complete. */
  async enter(room: RoomName, session: Session): Promise<() => void> {
    if (!isAttended(room)) return () => {};
    const attendee = attendeeOf(session);
    const { first, memberCount } = await this.#deps.presence.enter(room, attendee);
    if (!first) return () => {};
    const data = { userId: attendee.userId, ...nameOf(attendee), memberCount };
    return () => this.#deps.publisher.signal(userJoined, { room, sender: null, data });
  }

  /** With `grace` a user who comes back soon has never been away. */
  async leave(room: RoomName, session: Session, { grace }: { grace: boolean }): Promise<void> {
    if (!isAttended(room)) return;
    const departure = await this.#deps.presence.leave(room, attendeeOf(session), grace ? this.#deps.graceMs : 0);
    if (departure) this.#tell(departure);
  }

  members(room: RoomName, limit: number): ReturnType<Presence["members"]> {
    return isAttended(room)
      ? this.#deps.presence.members(room, limit)
      : Promise.resolve({ members: [], memberCount: 0 });
  }

  /** Tells of those whose grace period is over. */
  async sweep(): Promise<void> {
    try {
      for (const departure of await this.#deps.presence.sweep()) this.#tell(departure);
    } catch (error) {
      this.#deps.failed("end the grace period of absent users", error, { willRetry: true });
    }
  }

  close(): void {
    clearInterval(this.#sweeping);
  }

  #tell(departure: Departure): void {
    const { room, userId, memberCount } = departure;
    const data = { userId, ...nameOf(departure), memberCount };
    this.#deps.publisher.signal(userLeft, { room, sender: null, data });
  }
}

const isAttended = (room: RoomName) => parseRoom(room).kind === "conversation";

const nameOf = ({ name }: { name: string | null }) => (name === null ? {} : { name });

function attendeeOf({ connectionId, principal }: Session): PresentConnection {
  return { userId: principal.userId, name: principal.name, connectionId };
}
