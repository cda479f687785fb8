import { subscriptionOfTopic } from "../../../shared/topic.ts";
import type { Subscriptions } from "../../rooms/subscriptions.ts";
import { DeferredReply } from "../../session/deferred-reply.ts";
import type { Handlers } from "../handler.ts";

/** SPEC MONITOR-1 to MONITOR-9. */
export function createSubscriptionHandlers({ subscriptions }: { subscriptions: Subscriptions }) {
  return {
    subscribe: async (command, session) => {
      const { finish, afterReply } = await subscriptions.subscribe(session, command);
      return new DeferredReply({ finish: () => ({ id: command.id, ...finish() }), afterReply });
    },

    unsubscribe: async ({ id }, session) => {
      subscriptions.unsubscribe(session, id);
      return {};
    },

    join_room: async ({ room, after, limit }, session) => {
      const command = { id: subscriptionOfTopic(room), topics: [room], after, limit };
      const { finish, afterReply } = await subscriptions.subscribe(session, command);
      return new DeferredReply({ finish: () => ({ room, ...finish() }), afterReply });
    },

    leave_room: async ({ room }, session) => {
      subscriptions.unsubscribe(session, subscriptionOfTopic(room));
      return {};
    },
  } satisfies Partial<Handlers<"/monitoring">>;
}
