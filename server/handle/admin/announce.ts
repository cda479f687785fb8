import { announcement } from "../../../shared/events/user-events.ts";
import { broadcastRoom } from "../../../shared/room.ts";
import type { Publisher } from "../../publish/publisher.ts";
import { senderOf } from "../../session/principal.ts";
import type { Handler } from "../handler.ts";
import type { Audit } from "./admin-handlers.ts";

/** SPEC NOTE-2. */
export function createAnnounce({
  publisher,
  audit,
}: {
  publisher: Publisher;
  audit: Audit;
}): Handler<"/admin", "admin.announce"> {
  return async ({ message, level }, { principal }) => {
    const data = { message, level };
    const published = await publisher.publish(announcement, { room: broadcastRoom, sender: senderOf(principal), data });
    audit("announced", { by: principal.userId, id: published.id, importance: level });
    return published;
  };
}
