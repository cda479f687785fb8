import { announcement } from "../../../shared/events/user-events.ts";
import { broadcastRoom } from "../../../shared/room.ts";
import type { Publisher } from "../../publish/publisher.ts";
import { senderOf } from "../../session/principal.ts";
import type { Handlers } from "../handler.ts";

/** SPEC NOTE-2. */
export function createAdminHandlers({ publisher }: { publisher: Publisher }) {
  return {
    "admin.announce": ({ message, level }, { principal }) =>
      publisher.publish(announcement, { room: broadcastRoom, sender: senderOf(principal), data: { message, level } }),
  } satisfies Partial<Handlers<"/admin">>;
}
