import type { CommandData } from "../../shared/commands/catalogue.ts";
import type { ConversationListItem } from "../../shared/commands/chat-commands.ts";
import type { Conversation } from "../../shared/entities/conversation.ts";
import type { UserId } from "../../shared/ids.ts";
import { conversationRoom } from "../../shared/room.ts";
import type { CatchUpFactory } from "../resume/catch-up.ts";
import type { Conversations } from "./conversations.ts";
import type { ReadPositions } from "./read-positions.ts";

interface ConversationListDeps {
  conversations: Conversations;
  readPositions: ReadPositions;
  catchUp: CatchUpFactory;
}

/** A user's conversations, each with its last event and the number of unread messages. */
export class ConversationList {
  readonly #deps: ConversationListDeps;

  constructor(deps: ConversationListDeps) {
    this.#deps = deps;
  }

  async page(userId: UserId, limit: number, cursor?: string): Promise<CommandData<"/chat", "conversation.list">> {
    const page = await this.#deps.conversations.ofUser(userId, limit, cursor);
    const conversations = await Promise.all(page.items.map(({ value }) => this.#describe(userId, value)));
    return { conversations, nextCursor: page.nextCursor };
  }

  async #describe(userId: UserId, conversation: Conversation): Promise<ConversationListItem> {
    const { readPositions, catchUp } = this.#deps;
    const room = conversationRoom(conversation.id);
    const [{ events }, readPosition, unread] = await Promise.all([
      catchUp.history(room, undefined, 1),
      readPositions.get(userId, room),
      readPositions.unread(userId, room),
    ]);
    const [lastEvent] = events;
    return { ...conversation, ...(lastEvent && { lastEvent }), unread, ...(readPosition && { readPosition }) };
  }
}
