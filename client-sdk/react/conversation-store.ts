import type { Envelope, LoggedEnvelope } from "../../shared/envelope.ts";
import type { EventType } from "../../shared/event-type.ts";
import type { Member } from "../chat/member-list.ts";
import type { Client } from "../client.ts";
import type { Gap } from "../rooms/gap.ts";
import { createStore, type Store } from "./store.ts";

/** An entry of a conversation: a message or a finished response. */
export type ConversationEntry = LoggedEnvelope<EventType.ChatMessage> | LoggedEnvelope<EventType.ChatResponse>;

/** A streamed response. */
export interface ResponseView {
  responseId: string;
  text: string;
  status: "streaming" | "complete" | "failed" | "cancelled";
}

/** State of a conversation. */
export interface ConversationView {
  /** In log order. */
  entries: readonly ConversationEntry[];
  /** The latest responses by id, in the order in which they started. */
  responses: ReadonlyMap<string, ResponseView>;
  members: readonly Member[];
  isLive: boolean;
  /** The most recent gap; entries before it have been dropped. */
  gap: Gap | null;
  /** Why access is refused: an error code, or `removed` or `forbidden` after having been removed. */
  refusal: string | null;
}

export function createConversationStore(client: Client, id: string): Store<ConversationView> {
  const conversation = client.chat.conversation(id);
  const entries = new Map<string, ConversationEntry>();
  const responses = new Map<string, ResponseView & { attempt: number }>();
  let gap: Gap | null = null;
  let refusal: string | null = null;

  function take(envelope: Envelope): void {
    if (envelope.type === "chat_message" || envelope.type === "chat_response") {
      entries.set(envelope.id, envelope as ConversationEntry);
    }
    if (envelope.type === "chat_response") {
      const { responseId, message, status } = (envelope as Envelope<EventType.ChatResponse>).data;
      responses.set(responseId, { responseId, text: message, status, attempt: 0 });
    }
    if (envelope.type === "chat_response_delta") {
      const { responseId, delta, attempt = 0 } = (envelope as Envelope<EventType.ChatResponseDelta>).data;
      const known = responses.get(responseId);
      if (known && (known.status !== "streaming" || known.attempt > attempt)) return;
      // An earlier attempt will not be finished.
      const before = known?.attempt === attempt ? known.text : "";
      responses.set(responseId, { responseId, text: before + delta, status: "streaming", attempt });
    }
  }

  return createStore<ConversationView>({
    read: () => ({
      entries: [...entries.values()],
      responses: new Map(responses),
      members: conversation.members,
      isLive: conversation.isLive,
      gap,
      refusal,
    }),
    watch(changed) {
      // Without listeners nothing was received, so start again with the latest events.
      if (!conversation.isLive) {
        entries.clear();
        responses.clear();
      }
      const refused = (why: string) => {
        refusal = why;
        changed();
      };
      const cancels = [
        conversation.on("*", (envelope) => {
          take(envelope);
          changed();
        }),
        conversation.on("gap", (found) => {
          entries.clear();
          responses.clear();
          gap = found;
          changed();
        }),
        conversation.on("joined", () => {
          refusal = null;
          changed();
        }),
        conversation.on("members", changed),
        conversation.on("refused", ({ code }) => refused(code)),
        conversation.on("left", ({ reason }) => refused(reason)),
        client.on("status", changed),
      ];
      return () => {
        for (const cancel of cancels) cancel();
      };
    },
  });
}
