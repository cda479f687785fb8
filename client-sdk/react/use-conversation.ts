import { useMemo } from "react";
import type { Conversation } from "../chat/conversation.ts";
import type { Member } from "../chat/member-list.ts";
import { type ConversationView, createConversationStore, type ResponseView } from "./conversation-store.ts";
import { storesOf, useClient, useStore } from "./provider.ts";

const conversationStore = storesOf(createConversationStore);

/** State of a conversation, and methods to act in it. Renders at most once per frame. */
export function useConversation(id: string): ConversationView & Pick<Conversation, "send" | "typing" | "markRead"> {
  const client = useClient();
  const view = useStore(conversationStore(client, id));
  return useMemo(() => {
    const conversation = client.chat.conversation(id);
    return {
      ...view,
      send: (message) => conversation.send(message),
      typing: (isTyping) => conversation.typing(isTyping),
      markRead: (position) => conversation.markRead(position),
    };
  }, [client, id, view]);
}

/** Members who are connected to a conversation. */
export function usePresence(conversationId: string): readonly Member[] {
  return useStore(conversationStore(useClient(), conversationId)).members;
}

export interface StreamedResponseView extends ResponseView {
  /** Asks the producer to stop. Rejects when the response has ended. */
  cancel(): Promise<unknown>;
}

/** A streamed response, during and after streaming. Without an id: the newest one. */
export function useStreamedResponse(conversationId: string, responseId?: string): StreamedResponseView | null {
  const client = useClient();
  const { responses } = useStore(conversationStore(client, conversationId));
  const shown = responseId === undefined ? [...responses.values()].at(-1) : responses.get(responseId);
  return useMemo(
    () =>
      shown
        ? { ...shown, cancel: () => client.chat.conversation(conversationId).cancelResponse(shown.responseId) }
        : null,
    [client, conversationId, shown],
  );
}
