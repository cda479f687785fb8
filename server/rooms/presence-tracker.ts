import { userJoined, userLeft } from "../../shared/events/chat-events.ts";
import { parseRoom, type RoomName } from "../../shared/room.ts";
import type { Publisher } from "../publish/publisher.ts";
import type { Failed } from "../runtime/failed.ts";
import type { Session } from "../session/session.ts";
import type { Departure, Presence, PresentConnection } from "../store/presence/presence.ts";

interface PresenceTrackerDeps {
  presence: Presence;
  publisher: Publisher;
  /** How long a user counts as present after the last connection has ended. */
  graceMs: number;
  failed: Failed;
}

/** How often users whose grace period has ended are looked for. */
const sweepMs = 250;

/** Records users in rooms, and announces their arrival and departure. Only conversations have presence. */
export class PresenceTracker {
  readonly #deps: PresenceTrackerDeps;
  readonly #sweeping: NodeJS.Timeout;

  constructor(deps: PresenceTrackerDeps) {
    this.#deps = deps;
    this.#sweeping = setInterval(() => void this.sweep(), sweepMs).unref();
  }

  /** Resolves with a function that announces the user, to be called when the join is complete. */
  async enter(room: RoomName, session: Session): Promise<() => void> {
    if (!isAttended(room)) return () => {};
    const attendee = attendeeOf(session);
    const { first, memberCount } = await this.#deps.presence.enter(room, attendee);
    if (!first) return () => {};
    const data = { userId: attendee.userId, ...nameOf(attendee), memberCount };
    return () => this.#deps.publisher.signal(userJoined, { room, sender: null, data });
  }

  /** With `grace`, a user who returns within the grace period is not announced as having left. */
  async leave(room: RoomName, session: Session, { grace }: { grace: boolean }): Promise<void> {
    if (!isAttended(room)) return;
    const departure = await this.#deps.presence.leave(room, attendeeOf(session), grace ? this.#deps.graceMs : 0);
    if (departure) this.#announceDeparture(departure);
  }

  members(room: RoomName, limit: number): ReturnType<Presence["members"]> {
    return isAttended(room)
      ? this.#deps.presence.members(room, limit)
      : Promise.resolve({ members: [], memberCount: 0 });
  }

  /** Announces the departure of users whose grace period has ended. */
  async sweep(): Promise<void> {
    try {
      for (const departure of await this.#deps.presence.sweep()) this.#announceDeparture(departure);
    } catch (error) {
      this.#deps.failed("end the grace period of absent users", error, { willRetry: true });
    }
  }

  close(): void {
    clearInterval(this.#sweeping);
  }

  #announceDeparture(departure: Departure): void {
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
