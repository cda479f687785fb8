import type { Envelope } from "../../shared/envelope.ts";
import type { EventType } from "../../shared/event-type.ts";
import type { Position } from "../../shared/position.ts";
import { AttendedEmitter } from "../attended-emitter.ts";
import { createId } from "../bus/create-message.ts";
import type { Cancel } from "../connection/environment.ts";
import { createRoomFeed, type RoomReply } from "../rooms/chat-room.ts";
import type { Feed, FeedDeps, FeedEvents } from "../rooms/feed.ts";
import type { GetState } from "../rooms/gap.ts";
import type { Answer, Input } from "../sending/command-policies.ts";
import type { SendCommand } from "../sending/send-command.ts";
import { createMemberList, type Member } from "./member-list.ts";
import { createResponse, type ResponseDeps, type StreamedResponse } from "./streamed-response.ts";

type EventListeners = { [Type in EventType as `${Type}`]: Envelope<Type> };

/** Event types, `*` for all of them, and what happens to the room itself. */
export type ConversationEvents = EventListeners &
  Omit<FeedEvents<RoomReply>, "event"> & { "*": Envelope; members: readonly Member[] };

/** How a conversation is followed. */
export interface ConversationOptions {
  /** So many of the latest events are told at first. Default: 50. */
  recent?: number;
  getState?: GetState;
}

/** What is said, without what `send` knows. */
export type MessageInput = Omit<Input<"chat_message">, "conversationId">;

/** One conversation. It is followed for as long as somebody listens; sending needs no listener. */
export class Conversation {
  readonly id: string;
  readonly #deps: ResponseDeps;
  readonly #send: SendCommand;
  readonly #feed: Feed<RoomReply>;
  readonly #emitter = new AttendedEmitter<ConversationEvents>({
    first: () => this.#listen(),
    last: () => {
      for (const cancel of this.#cancels.splice(0)) cancel();
    },
  });
  readonly #members = createMemberList();
  #cancels: Cancel[] = [];

  /** @internal */
  constructor(id: string, options: ConversationOptions, deps: FeedDeps & ResponseDeps) {
    this.id = id;
    this.#deps = deps;
    this.#send = deps.send;
    const { recent = 50, getState } = options;
    this.#feed = createRoomFeed({ room: () => this.room, name: this.room, recent, getState }, deps);
  }

  get room(): string {
    return `conversation:${this.id}`;
  }

  /** Who is here now, while the conversation is followed. Over HTTP nobody is known. */
  get members(): readonly Member[] {
    return this.#members.all;
  }

  /** Everything that was missed has been told, and what happens is told as it happens. */
  get isLive(): boolean {
    return this.#feed.isLive;
  }

  /** Follows the conversation, and tells. */
  on<Name extends keyof ConversationEvents & string>(
    name: Name,
    listener: (data: ConversationEvents[Name]) => void,
  ): Cancel {
    return this.#emitter.on(name, listener);
  }

  /** Asks anew to be let in, after `refused` or `left`, and begins with the latest: there may be a reason to hope. */
  rejoin(): void {
    this.#feed.rejoin();
  }

  /** Resolves when the message is in the log. Without a connection it waits for one; it is never there twice. */
  send(message: string | MessageInput): Promise<Answer<"chat_message">> {
    const input = typeof message === "string" ? { message } : message;
    return this.#send("chat_message", { id: createId(), ...input, conversationId: this.id }, this.room);
  }

  /** Older events, oldest first. Without `before`: the latest. */
  history(options: { before?: Position; limit?: number } = {}): Promise<Answer<"history">> {
    return this.#send("history", { room: this.room, ...options });
  }

  /** Tells the others. It is lost where there is no connection, and nobody minds. */
  typing(isTyping = true): void {
    void this.#send("typing_indicator", { conversationId: this.id, isTyping }).catch(() => {});
  }

  /** Everything up to there has been read. Never moves backwards. */
  markRead(position: Position): Promise<Answer<"mark_read">> {
    return this.#send("mark_read", { room: this.room, position });
  }

  /** Gives it another title. */
  rename(title: string): Promise<Answer<"conversation.rename">> {
    return this.#send("conversation.rename", { conversationId: this.id, title }, this.room);
  }

  /** Takes more users in. */
  addMembers(...userIds: string[]): Promise<Answer<"conversation.add_members">> {
    return this.#send("conversation.add_members", { conversationId: this.id, userIds }, this.room);
  }

  /** Puts a user out, who is told. */
  removeMember(userId: string): Promise<Answer<"conversation.remove_member">> {
    return this.#send("conversation.remove_member", { conversationId: this.id, userId }, this.room);
  }

  /** Asks the producer of a streamed answer to stop. */
  cancelResponse(responseId: string): Promise<Answer<"chat_response.cancel">> {
    return this.#send("chat_response.cancel", { conversationId: this.id, responseId }, this.room);
  }

  /** Begins an answer that is written piece by piece. For the roles `agent` and `service`. */
  respond(options: { responseId?: string; inReplyTo?: string } = {}): StreamedResponse {
    const about = { conversationId: this.id, room: this.room, responseId: createId(), ...options };
    return createResponse(about, this.#deps);
  }

  #listen(): void {
    const emitter = this.#emitter;
    const changed = () => emitter.emit("members", this.#members.all);
    this.#cancels = [
      this.#feed.on("gap", (gap) => emitter.emit("gap", gap)),
      this.#feed.on("refused", (error) => emitter.emit("refused", error)),
      this.#feed.on("left", (left) => emitter.emit("left", left)),
      this.#feed.on("joined", (reply) => {
        this.#members.replace(reply.members);
        emitter.emit("joined", reply);
        changed();
      }),
      this.#feed.on("event", (envelope) => {
        // The envelope is of its own type, which the compiler cannot follow.
        emitter.emit(envelope.type, envelope as never);
        emitter.emit("*", envelope);
        if (this.#members.take(envelope)) changed();
      }),
    ];
  }
}
