import type { PresentMember } from "../../shared/commands/chat-commands.ts";
import type { Envelope } from "../../shared/envelope.ts";
import { EventType } from "../../shared/event-type.ts";
import type { RoomName } from "../../shared/room.ts";
import { SetsByKey } from "../runtime/sets-by-key.ts";

/**
 * Keeps the member list of a join's reply correct until the reply is written. A member who joins or leaves after the
 * list was read and before the connection is live would otherwise be in neither the list nor the events:
 *
 *   ada reads the list ─► bob's user_joined is sent ─► ada goes live
 */
export class PresenceSnapshots {
  readonly #open = new SetsByKey<RoomName, PresenceSnapshot>();

  /** Starts to collect arrivals and departures. */
  open(room: RoomName): PresenceSnapshot {
    const snapshot: PresenceSnapshot = new PresenceSnapshot(() => this.#open.removeFrom(room, snapshot));
    this.#open.addTo(room, snapshot);
    return snapshot;
  }

  /** Receives every ephemeral event that reaches this instance. */
  note(event: Envelope): void {
    for (const snapshot of this.#open.get(event.room) ?? []) snapshot.note(event);
  }
}

class PresenceSnapshot {
  readonly #changes: Envelope[] = [];
  readonly close: () => void;

  constructor(close: () => void) {
    this.close = close;
  }

  note(event: Envelope): void {
    if (isArrival(event) || isDeparture(event)) this.#changes.push(event);
  }

  /** The list as read, with the changes since. */
  complete(list: { members: PresentMember[]; memberCount: number }): { members: PresentMember[]; memberCount: number } {
    if (this.#changes.length === 0) return list;
    const isWhole = list.members.length === list.memberCount;
    const members = new Map(list.members.map((member) => [member.userId, member]));
    let { memberCount } = list;
    for (const change of this.#changes) {
      if (isArrival(change) && !members.has(change.data.userId)) {
        const { userId, name } = change.data;
        members.set(userId, { userId, name: name ?? null, connections: 1 });
      }
      if (isDeparture(change)) members.delete(change.data.userId);
      if (isArrival(change) || isDeparture(change)) memberCount = change.data.memberCount;
    }
    // A change's count may be older than the list.
    return { members: [...members.values()], memberCount: isWhole ? members.size : memberCount };
  }
}

const isArrival = (event: Envelope): event is Envelope<EventType.UserJoined> => event.type === EventType.UserJoined;
const isDeparture = (event: Envelope): event is Envelope<EventType.UserLeft> => event.type === EventType.UserLeft;
