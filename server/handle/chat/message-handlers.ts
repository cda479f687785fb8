import { chatMessage, typingIndicator } from "../../../shared/events/chat-events.ts";
import type { ResponseId } from "../../../shared/ids.ts";
import { conversationRoom } from "../../../shared/room.ts";
import type { Access } from "../../access/access.ts";
import type { AbandonedResponses } from "../../conversations/abandoned-responses.ts";
import type { Conversations } from "../../conversations/conversations.ts";
import type { UserResponses } from "../../conversations/user-responses.ts";
import type { Publisher } from "../../publish/publisher.ts";
import { DeferredReply } from "../../session/deferred-reply.ts";
import { senderOf } from "../../session/principal.ts";
import type { Handlers } from "../handler.ts";

export interface MessageHandlersDeps {
  access: Access;
  conversations: Conversations;
  responses: UserResponses;
  abandonedResponses: Pick<AbandonedResponses, "cancel">;
  publisher: Publisher;
  /** Cancels the dispatch that a response belongs to, which has the same id. */
  cancelDispatch(id: ResponseId, reason: string): Promise<void>;
}

/** SPEC CHAT-1 to CHAT-5, STREAM-1 to STREAM-11. */
export function createMessageHandlers(deps: MessageHandlersDeps) {
  const { access, conversations, responses, abandonedResponses, publisher, cancelDispatch } = deps;

  return {
    chat_message: async ({ conversationId, id, ...data }, { principal }) => {
      const room = conversationRoom(conversationId);
      await access.assertCanWrite(principal, room);
      const published = publisher.publish(chatMessage, { room, id, sender: senderOf(principal), data });
      return DeferredReply.to(
        published.then((reply) => {
          conversations.messageStored(conversationId, reply);
          return reply;
        }),
      );
    },

    chat_response_delta: async (command, session) => {
      await access.assertCanWrite(session.principal, conversationRoom(command.conversationId));
      const { isCancelled } = await responses.write(session, command);
      return isCancelled ? { cancel: true } : {};
    },

    chat_response: async (command, session) => {
      await access.assertCanWrite(session.principal, conversationRoom(command.conversationId));
      const reply = await responses.finish(session, command);
      conversations.messageStored(command.conversationId, reply);
      return reply;
    },

    "chat_response.cancel": async ({ conversationId, responseId }, { principal }) => {
      await access.assertCanWrite(principal, conversationRoom(conversationId));
      const response = { conversationId, responseId };
      const reason = `cancelled by ${principal.name ?? principal.userId}`;
      if (await responses.isOfDispatch(response)) await cancelDispatch(responseId, reason);
      else await abandonedResponses.cancel(response, reason);
      return {};
    },

    typing_indicator: async ({ conversationId, isTyping }, { principal }) => {
      const room = conversationRoom(conversationId);
      await access.assertCanWrite(principal, room);
      const { userId } = principal;
      publisher.signal(typingIndicator, { room, sender: senderOf(principal), data: { userId, isTyping } });
      return {};
    },
  } satisfies Partial<Handlers<"/chat">>;
}
