import { notification } from "../../../shared/events/user-events.ts";
import { userRoom } from "../../../shared/room.ts";
import type { Publications } from "../../publications/publications.ts";
import type { Publisher } from "../../publish/publisher.ts";
import { senderOf } from "../../session/principal.ts";
import type { Handlers } from "../handler.ts";

/** SPEC NOTE-1, PUBLISH-1 to PUBLISH-4. */
export function createHttpHandlers({ publisher, publications }: { publisher: Publisher; publications: Publications }) {
  return {
    notify_user: ({ userId, id, ...data }, { principal }) =>
      publisher.publish(notification, { room: userRoom(userId), id, sender: senderOf(principal), data }),

    publish_events: async ({ events }, { principal }) => {
      const author = { principal, sender: senderOf(principal) };
      const admitted = await Promise.all(
        events.map((event, index) => {
          const path = events.length === 1 ? [] : [String(index)];
          return publications.admit(event, author, { path });
        }),
      );
      const published = [];
      // One after the other: the list's order is the log's, also where one of them has to be sent to the store again.
      for (const publish of admitted) published.push(await publish());
      return published;
    },
  } satisfies Partial<Handlers<"http">>;
}
