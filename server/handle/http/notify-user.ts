import { notification } from "../../../shared/events/user-events.ts";
import { userRoom } from "../../../shared/room.ts";
import type { Publisher } from "../../publish/publisher.ts";
import { senderOf } from "../../session/principal.ts";
import type { Handlers } from "../handler.ts";

/** SPEC NOTE-1. */
export function createHttpHandlers({ publisher }: { publisher: Publisher }) {
  return {
    notify_user: ({ userId, id, ...data }, { principal }) =>
      publisher.publish(notification, { room: userRoom(userId), id, sender: senderOf(principal), data }),
  } satisfies Partial<Handlers<"http">>;
}
