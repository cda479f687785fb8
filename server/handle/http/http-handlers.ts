import { notification } from "../../../shared/events/user-events.ts";
import { userRoom } from "../../../shared/room.ts";
import type { Publications } from "../../publications/publications.ts";
import type { Publisher } from "../../publish/publisher.ts";
import type { LongPolls } from "../../rooms/long-polls.ts";
import { senderOf } from "../../session/principal.ts";
import type { Handlers } from "../handler.ts";

interface HttpHandlersDeps {
  publisher: Publisher;
  publications: Publications;
  longPolls: LongPolls;
}

/** SPEC NOTE-1, PUBLISH-1 to PUBLISH-4, POLL-1 to POLL-5. */
export function createHttpHandlers({ publisher, publications, longPolls }: HttpHandlersDeps) {
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
      return publications.publishAll(admitted);
    },

    read_events: (query, session) => longPolls.read(query, session),
  } satisfies Partial<Handlers<"http">>;
}
