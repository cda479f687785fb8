import type { Conversation } from "../../../shared/entities/conversation.ts";
import { conversationUpdated } from "../../../shared/events/chat-events.ts";
import type { UserId } from "../../../shared/ids.ts";
import { conversationRoom, userRoom } from "../../../shared/room.ts";
import type { Access } from "../../access/access.ts";
import type { ConversationList } from "../../conversations/conversation-list.ts";
import type { Conversations } from "../../conversations/conversations.ts";
import type { Broadcast } from "../../deliver/broadcast.ts";
import type { Publisher } from "../../publish/publisher.ts";
import { hasRole, type Principal, senderOf } from "../../session/principal.ts";
import type { Handlers } from "../handler.ts";

export interface ConversationHandlersDeps {
  access: Access;
  conversations: Conversations;
  conversationList: ConversationList;
  publisher: Publisher;
  broadcast: Broadcast;
}

type Change = "created" | "members_added" | "member_removed" | "renamed";

/** SPEC CONV-1 to CONV-8. */
export function createConversationHandlers(deps: ConversationHandlersDeps) {
  const { access, conversations, conversationList, publisher, broadcast } = deps;

  async function changed(by: Principal, conversation: Conversation, change: Change, removed: UserId[] = []) {
    // No instance has a new conversation in its cache.
    if (change !== "created") broadcast.send({ kind: "changed", conversationId: conversation.id });
    const affected = [...conversation.members, ...removed];
    const event = { sender: senderOf(by), data: { conversation, change } };
    await publisher.publishToEach(conversationUpdated, affected.map(userRoom), event);
    return { conversation };
  }

  return {
    "conversation.create": async ({ id, title, members, public: isPublic }, { principal }) => {
      // A backend that creates a conversation for others is not a member of it.
      const creator = hasRole(principal, "user", "agent", "admin") ? [principal.userId] : [];
      const conversation = await conversations.create({
        id,
        title,
        members: [...creator, ...members],
        public: isPublic,
        createdBy: principal.userId,
      });
      return changed(principal, conversation, "created");
    },

    "conversation.add_members": async ({ conversationId, userIds }, { principal }) => {
      await access.assertCanManage(principal, conversationId);
      return changed(principal, await conversations.addMembers(conversationId, userIds), "members_added");
    },

    "conversation.remove_member": async ({ conversationId, userId }, { principal }) => {
      await access.assertCanManage(principal, conversationId);
      const conversation = await conversations.removeMember(conversationId, userId);
      // Before everything else, so that the removed member is out even if a later step fails.
      broadcast.send({ kind: "changed", conversationId });
      broadcast.send({ kind: "evict", room: conversationRoom(conversationId), userId, reason: "removed" });
      return changed(principal, conversation, "member_removed", [userId]);
    },

    "conversation.rename": async ({ conversationId, title }, { principal }) => {
      await access.assertCanManage(principal, conversationId);
      return changed(principal, await conversations.rename(conversationId, title), "renamed");
    },

    "conversation.list": ({ cursor, limit }, { principal }) => conversationList.page(principal.userId, limit, cursor),
  } satisfies Partial<Handlers<"/chat">>;
}
