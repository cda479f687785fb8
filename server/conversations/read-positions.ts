import { EventType } from "../../shared/event-type.ts";
import type { UserId } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";
import type { Position } from "../../shared/position.ts";
import { Rejection } from "../../shared/rejection.ts";
import { logOfRoom, type RoomName } from "../../shared/room.ts";
import type { Documents } from "../store/documents/documents.ts";
import { updateDocument } from "../store/documents/update-document.ts";
import type { EventLog } from "../store/log/event-log.ts";

/** Events that count as unread: messages and finished responses, but not the deltas of a response. */
const counted: ReadonlySet<EventType> = new Set([
  EventType.ChatMessage,
  EventType.ChatResponse,
  EventType.HlinkMessage,
  EventType.Notification,
  EventType.Announcement,
]);

const page = 1_000;

/** The position up to which each user has read each room. */
export class ReadPositions {
  readonly #documents: Documents;
  readonly #log: EventLog;

  constructor({ documents, log }: { documents: Documents; log: EventLog }) {
    this.#documents = documents;
    this.#log = log;
  }

  /** The read position, or `undefined` if there is none in the current epoch of the room's log. */
  async get(userId: UserId, room: RoomName): Promise<Position | undefined> {
    const { epoch } = await this.#log.bounds(logOfRoom(room));
    const stored = await this.#documents.get<Position>("read-position", idOf(userId, room));
    return stored?.value.epoch === epoch ? stored.value : undefined;
  }

  /**
   * Moves the read position forwards; an earlier position changes nothing. Resolves with whether it moved. Rejects with
   * `conflict` if the log does not have the position.
   */
  async mark(userId: UserId, room: RoomName, position: Position): Promise<boolean> {
    const { epoch, last } = await this.#log.bounds(logOfRoom(room));
    if (position.epoch !== epoch || position.offset > last) {
      throw new Rejection("conflict", `${room} has no such position: it is at ${epoch}:${last}.`);
    }
    const moved = await updateDocument(this.#documents, "read-position", idOf(userId, room), (before?: Position) =>
      before?.epoch === epoch && before.offset >= position.offset ? undefined : { value: position },
    );
    return moved !== undefined;
  }

  /** The number of messages of other users after the read position, up to `limits.unreadCounted`. */
  async unread(userId: UserId, room: RoomName): Promise<number> {
    let after = (await this.get(userId, room))?.offset ?? 0;
    for (let unread = 0; ; ) {
      const { events } = await this.#log.read(logOfRoom(room), after, page);
      for (const event of events) if (counted.has(event.type) && event.sender?.userId !== userId) unread++;
      if (unread >= limits.unreadCounted) return limits.unreadCounted;
      if (events.length < page) return unread;
      after = events.at(-1)?.position.offset ?? after;
    }
  }
}

const idOf = (userId: UserId, room: RoomName) => `${userId}/${room}`;
