import type { PublishedReply } from "../../shared/commands/fields.ts";
import type { HlinkMessage } from "../../shared/entities/hlink.ts";
import { hlinkMessage } from "../../shared/events/hlink-event.ts";
import type { EventId } from "../../shared/ids.ts";
import { Rejection } from "../../shared/rejection.ts";
import { parseRoom } from "../../shared/room.ts";
import type { Sender } from "../../shared/sender.ts";
import type { Access } from "../access/access.ts";
import type { Publisher } from "../publish/publisher.ts";
import { type Clock, timestampOf } from "../runtime/clock.ts";
import { hasRole, type Principal } from "../session/principal.ts";
import type { UiEvents } from "../store/ui-events.ts";

interface HlinkDeps {
  access: Access;
  publisher: Publisher;
  uiEvents: UiEvents;
  clock: Clock;
}

/** HLink messages between user interfaces and services. */
export class Hlink {
  readonly #deps: HlinkDeps;

  constructor(deps: HlinkDeps) {
    this.#deps = deps;
  }

  /**
   * Appends the message to the services' stream, then publishes it in the room of its target. Rejects with `not_found`
   * or `forbidden` when the sender may not write to the room: only programs may write to another user's room.
   */
  async publish(
    message: HlinkMessage,
    { principal, sender }: { principal: Principal; sender: Sender | null },
    { id, dedupe }: { id?: EventId | undefined; dedupe?: string | undefined } = {},
  ): Promise<PublishedReply> {
    const { access, publisher, uiEvents, clock } = this.#deps;
    const room = message.recipient.target;
    const { kind, id: owner } = parseRoom(room);
    if (kind === "conversation") await access.assertCanWrite(principal, room);
    if (kind === "user" && owner !== principal.userId && !hasRole(principal, "agent", "service", "admin")) {
      throw new Rejection("forbidden", `You may not write to ${room}.`);
    }
    // Before publishing: a retry after a failed publish may reach the services twice, but a message cannot miss them.
    const dedupeKey = dedupe ?? (id && `id:${id}`);
    await uiEvents.append(message, timestampOf(clock), dedupeKey && `${sender?.userId ?? ""}/${dedupeKey}`);
    return publisher.publish(hlinkMessage, {
      room,
      sender,
      id,
      data: message,
      ...(dedupe === undefined ? {} : { dedupe }),
    });
  }
}
