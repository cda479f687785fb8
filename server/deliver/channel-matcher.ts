import type { Envelope } from "../../shared/envelope.ts";
import type { EventType } from "../../shared/event-type.ts";
import { events } from "../../shared/events/catalogue.ts";
import { namespaceOfKind, parseRoomKind, type RoomKind } from "../../shared/room.ts";
import { prefixOfTopic, type Topic } from "../../shared/topic.ts";
import { CountsByKey } from "../runtime/counts-by-key.ts";
import type { Channel } from "../session/channel.ts";

/**
 * This instance's channels other than plain rooms: patterns, and filters by event type. Each pattern is a channel,
 * looked up by prefixes of the room's name, so that the cost of an event does not grow with the number of patterns:
 *
 *   task:b-1, task.updated  ─►  task:b-1   task:b-1#task.updated
 *                               *  task:*  task:b*  …  and each with #task.updated, where it has a subscriber
 */
export class ChannelMatcher {
  /** The number of connections in each channel. */
  readonly #sizes = new CountsByKey<Channel>();
  /** The number of pattern channels by prefix length: only these lengths are looked up. */
  readonly #lengths = new CountsByKey<number>();

  /** The highest number of pattern lookups per event. */
  get prefixLengths(): number {
    return this.#lengths.size;
  }

  added(channel: Channel): void {
    if (this.#sizes.increment(channel) > 1) return;
    const length = prefixLength(channel);
    if (length !== undefined) this.#lengths.increment(length);
  }

  removed(channel: Channel): void {
    if (this.#sizes.decrement(channel) > 0) return;
    const length = prefixLength(channel);
    if (length !== undefined) this.#lengths.decrement(length);
  }

  /** The channels that receive an event. A connection in several of them receives it once. */
  channelsOf({ room, type }: Pick<Envelope, "room" | "type">): readonly Channel[] {
    const found: Channel[] = [room];
    if (this.#sizes.size === 0 || !isMonitored(room)) return found;
    this.#findVariants(room, type, found);
    for (const length of this.#lengths.keys()) {
      if (length <= room.length) this.#findVariants(`${room.slice(0, length)}*`, type, found);
    }
    return found;
  }

  #findVariants(topic: string, type: EventType, found: Channel[]): void {
    // A channel without a pattern or filter is the room itself, which is in the list already.
    if (topic.endsWith("*") && this.#sizes.has(topic)) found.push(topic);
    const filtered = `${topic}#${type}`;
    if (this.#sizes.has(filtered)) found.push(filtered);
  }
}

/** The channels of a subscription to the topic. With `types`, one for each of these types that its rooms can have. */
export function channelsOfTopic(topic: Topic, types: ReadonlySet<EventType> | undefined): Channel[] {
  if (!types) return [topic];
  const possible = typesOfTopic(topic);
  const wanted = possible.filter((type) => types.has(type));
  return wanted.length === possible.length ? [topic] : wanted.map((type) => `${topic}#${type}`);
}

function typesOfTopic(topic: Topic): EventType[] {
  const kind = parseRoomKind(topic);
  return Object.values(events)
    .filter(({ rooms }) => (kind ? rooms.some((possible) => possible === kind) : rooms.some(isMonitoredKind)))
    .map(({ type }) => type);
}

const isMonitoredKind = (kind: RoomKind) => namespaceOfKind[kind] === "/monitoring";

function isMonitored(room: string): boolean {
  const kind = parseRoomKind(room);
  return kind !== undefined && isMonitoredKind(kind);
}

/** The prefix length of a pattern's channel. */
function prefixLength(channel: Channel): number | undefined {
  const [topic = ""] = channel.split("#", 1);
  return prefixOfTopic(topic as Topic)?.length;
}
