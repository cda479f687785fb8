import type { Envelope } from "../../shared/envelope.ts";
import type { EventType } from "../../shared/event-type.ts";
import { events } from "../../shared/events/catalogue.ts";
import { namespaceOfKind, parseRoomKind, type RoomKind } from "../../shared/room.ts";
import { prefixOfTopic, type Topic } from "../../shared/topic.ts";
import type { Channel } from "../session/channel.ts";

/**
 * The channels that this instance has beside those of plain rooms: they watch a pattern, or some types of event only.
 * A pattern is a channel by itself, found by the beginnings of the room's name, so that an event costs the same
 * however many patterns there are:
 *
 *   task:b-1, task.updated  ─►  task:b-1   task:b-1#task.updated
 *                               *  task:*  task:b*  …  and each with #task.updated, as far as somebody watches it
 */
export class ChannelMatcher {
  /** How many connections are in each. */
  readonly #sizes = new Map<Channel, number>();
  /** How many channels there are of patterns of each length: only those lengths are looked up. */
  readonly #lengths = new Map<number, number>();

  /** How many lookups of patterns an event costs at most. */
  get prefixLengths(): number {
    return this.#lengths.size;
  }

  /** A connection has joined. */
  added(channel: Channel): void {
    const size = this.#sizes.get(channel) ?? 0;
    this.#sizes.set(channel, size + 1);
    const length = prefixLength(channel);
    if (size === 0 && length !== undefined) this.#lengths.set(length, (this.#lengths.get(length) ?? 0) + 1);
  }

  /** A connection that had joined has left. */
  removed(channel: Channel): void {
    const size = (this.#sizes.get(channel) ?? 0) - 1;
    if (size > 0) return void this.#sizes.set(channel, size);
    this.#sizes.delete(channel);
    const length = prefixLength(channel);
    if (length === undefined) return;
    const others = (this.#lengths.get(length) ?? 0) - 1;
    if (others > 0) this.#lengths.set(length, others);
    else this.#lengths.delete(length);
  }

  /** Whom an event is for. A connection that is in several of them gets it once. */
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
    // A room is found already.
    if (topic.endsWith("*") && this.#sizes.has(topic)) found.push(topic);
    const filtered = `${topic}#${type}`;
    if (this.#sizes.has(filtered)) found.push(filtered);
  }
}

/** The channels that a subscription to the topic is in. With `types`, one for each type that its rooms can have. */
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

/** Of a channel that watches a pattern. */
function prefixLength(channel: Channel): number | undefined {
  const [topic = ""] = channel.split("#", 1);
  return prefixOfTopic(topic as Topic)?.length;
}
