import type { Envelope } from "../../shared/envelope.ts";
import type { EventType } from "../../shared/event-type.ts";
import type { Position } from "../../shared/position.ts";
import { createId } from "../bus/create-message.ts";
import type { Cancel } from "../connection/environment.ts";
import { LazyEmitter } from "../lazy-emitter.ts";
import type { Feed, FeedDeps, FeedEvents } from "../rooms/feed.ts";
import type { GetState } from "../rooms/gap.ts";
import { createRoomFeed, type RoomReply } from "../rooms/room-feed.ts";
import type { Answer, Input } from "../sending/command-policies.ts";
import type { SendCommand } from "../sending/send-command.ts";
import { createMemberList, type Member } from "./member-list.ts";
import { createResponse, type ResponseDeps, type StreamedResponse } from "./streamed-response.ts";

type EventListeners = { [Type in EventType as `${Type}`]: Envelope<Type> };

/** Event types, `*` for all of them, and events of the room subscription. */
export type ConversationEvents = EventListeners &
  Omit<FeedEvents<RoomReply>, "event"> & { "*": Envelope; members: readonly Member[] };

/** Options of a conversation. */
export interface ConversationOptions {
  /** Recent events to start with. Default: 50. */
  recent?: number;
  getState?: GetState;
}

/** A message without its conversation. */
export type MessageInput = Omit<Input<"chat_message">, "conversationId">;

/** One conversation. It is followed while it has listeners; sending needs no listener. */
export class Conversation {
  readonly id: string;
  readonly #deps: ResponseDeps;
  readonly #send: SendCommand;
  readonly #feed: Feed<RoomReply>;
  readonly #emitter = new LazyEmitter<ConversationEvents>({
    activate: () => this.#listen(),
    deactivate: () => {
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

  /** Connected members, while the conversation is followed. Empty over HTTP. */
  get members(): readonly Member[] {
    return this.#members.all;
  }

  /** Whether missed events have been delivered and events now arrive live. */
  get isLive(): boolean {
    return this.#feed.isLive;
  }

  /** Adds a listener, and follows the conversation. Returns a function that removes it. */
  on<Name extends keyof ConversationEvents & string>(
    name: Name,
    listener: (data: ConversationEvents[Name]) => void,
  ): Cancel {
    return this.#emitter.on(name, listener);
  }

  /** Joins again after `refused` or `left`, starting with the latest events. */
  rejoin(): void {
    this.#feed.rejoin();
  }

  /** Sends a message, once, even across reconnects. Resolves when it is in the log. Waits for a connection if there is none. */
  send(message: string | MessageInput): Promise<Answer<"chat_message">> {
    const input = typeof message === "string" ? { message } : message;
    return this.#send("chat_message", { id: createId(), ...input, conversationId: this.id }, this.room);
  }

  /** A page of older events, oldest first. Default of `before`: the end of the log. */
  history(options: { before?: Position; limit?: number } = {}): Promise<Answer<"history">> {
    return this.#send("history", { room: this.room, ...options });
  }

  /** Sends a typing indicator. Dropped when there is no connection. */
  typing(isTyping = true): void {
    void this.#send("typing_indicator", { conversationId: this.id, isTyping }).catch(() => {});
  }

  /** Marks everything up to a position as read. The read position never moves backwards. */
  markRead(position: Position): Promise<Answer<"mark_read">> {
    return this.#send("mark_read", { room: this.room, position });
  }

  /** Changes the title. */
  rename(title: string): Promise<Answer<"conversation.rename">> {
    return this.#send("conversation.rename", { conversationId: this.id, title }, this.room);
  }

  /** Adds members. */
  addMembers(...userIds: string[]): Promise<Answer<"conversation.add_members">> {
    return this.#send("conversation.add_members", { conversationId: this.id, userIds }, this.room);
  }

  /** Removes a member. The removed user receives `left`. */
  removeMember(userId: string): Promise<Answer<"conversation.remove_member">> {
    return this.#send("conversation.remove_member", { conversationId: this.id, userId }, this.room);
  }

  /** Asks the producer of a streamed response to stop. */
  cancelResponse(responseId: string): Promise<Answer<"chat_response.cancel">> {
    return this.#send("chat_response.cancel", { conversationId: this.id, responseId }, this.room);
  }

  /** Starts a streamed response. For the roles `agent` and `service`. */
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
        // The compiler cannot relate the envelope to the listener of its type.
        emitter.emit(envelope.type, envelope as never);
        emitter.emit("*", envelope);
        if (this.#members.apply(envelope)) changed();
      }),
    ];
  }
}
