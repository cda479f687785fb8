import type { z } from "zod";
import { EventType } from "../../shared/event-type.ts";
import { events } from "../../shared/events/catalogue.ts";
import type { EventDefinition } from "../../shared/events/define-event.ts";
import type { EventToPublish, PublishAnswer } from "../../shared/http/events.ts";
import type { ConversationId } from "../../shared/ids.ts";
import { Rejection } from "../../shared/rejection.ts";
import type { PayloadFault } from "../../shared/reply.ts";
import { parseRoom } from "../../shared/room.ts";
import type { Sender } from "../../shared/sender.ts";
import type { Access } from "../access/access.ts";
import type { Conversations } from "../conversations/conversations.ts";
import type { UserResponses } from "../conversations/user-responses.ts";
import type { Publisher } from "../publish/publisher.ts";
import { hasRole, type Principal } from "../session/principal.ts";
import type { Hlink } from "./hlink.ts";

interface PublicationsDeps {
  access: Access;
  conversations: Conversations;
  responses: UserResponses;
  hlink: Hlink;
  publisher: Publisher;
}

/** The principal that publishes, and the sender in its events. */
export interface Author {
  principal: Principal;
  /** The sender shown to readers; `null`: the server itself. */
  sender: Sender | null;
}

interface AdmitOptions {
  /** As `PublishRequest.dedupe`; for events without an id. */
  dedupe?: string;
  /** Path of the event in the request; faults are reported below it. */
  path?: readonly string[];
}

type PublishResult = PublishAnswer[number];

/** A checked event, ready to publish. */
export interface Admitted {
  /** Rejects with `unavailable`; may then be called again. */
  publish(): Promise<PublishResult>;
  /** `publish` is sequenced when it returns: events published later cannot overtake this one. */
  keepsOrder: boolean;
}

type AnyDefinition = EventDefinition<EventType, z.ZodType, boolean>;
type Durable = EventDefinition<EventType, z.ZodType, true>;
type Ephemeral = EventDefinition<EventType, z.ZodType, false>;

/** Publishes events of any type for other programs, after checking them against their definitions. */
export class Publications {
  readonly #deps: PublicationsDeps;

  constructor(deps: PublicationsDeps) {
    this.#deps = deps;
  }

  /**
   * Checks the event. Rejects with `invalid_payload` and every fault; with `forbidden` when the author may not publish
   * it; and with `not_found` when the conversation does not exist.
   */
  async admit(event: EventToPublish, author: Author, options: AdmitOptions = {}): Promise<Admitted> {
    const { access } = this.#deps;
    const { path = [] } = options;
    const definition: AnyDefinition = events[event.type];
    const { kind } = parseRoom(event.room);
    if (!hasRole(author.principal, ...definition.publishers) || event.type === EventType.ChatResponseDelta) {
      throw new Rejection("forbidden", `${event.type} cannot be published this way.`);
    }
    if (!definition.rooms.includes(kind)) {
      throw invalid([{ path: [...path, "room"].join("."), message: `${event.type} is not allowed in a ${kind} room` }]);
    }
    const parsed = definition.data.safeParse(event.data);
    if (!parsed.success) {
      const faultOf = ({ path: within, message }: z.core.$ZodIssue) => ({
        path: [...path, "data", ...within].join("."),
        message,
      });
      throw invalid(parsed.error.issues.slice(0, 20).map(faultOf));
    }
    if (kind === "conversation") await access.assertCanWrite(author.principal, event.room);
    return this.#preparePublish(event, author, definition, options);
  }

  /**
   * Publishes the events in this order. If the store fails in between, rejects with `unavailable`, and the first events
   * may have been published.
   */
  async publishAll(admitted: readonly Admitted[]): Promise<PublishResult[]> {
    const published: PublishResult[] = [];
    for (let next = 0; next < admitted.length; ) {
      // Consecutive events that keep their order are sent to the store together.
      const end = admitted.findIndex(({ keepsOrder }, index) => index >= next && !keepsOrder);
      const together = admitted.slice(next, Math.max(next + 1, end < 0 ? admitted.length : end));
      const answers = await Promise.allSettled(together.map(({ publish }) => publish()));
      for (const answer of answers) {
        if (answer.status === "rejected") throw answer.reason;
        published.push(answer.value);
      }
      next += together.length;
    }
    return published;
  }

  #preparePublish(
    event: EventToPublish,
    author: Author,
    definition: AnyDefinition,
    { dedupe, path = [] }: AdmitOptions,
  ): Admitted {
    const { publisher, responses, hlink } = this.#deps;
    const { room, data, id } = event;
    const { sender } = author;
    if (event.type === EventType.ChatResponse) {
      const response = events[EventType.ChatResponse].data.parse(data);
      const conversationId = parseRoom(room).id as ConversationId;
      const publish = () => this.#bumpActivityAfter(event, responses.finish(author, { conversationId, ...response }));
      return { publish, keepsOrder: false };
    }
    if (event.type === EventType.HlinkMessage) {
      const message = events[EventType.HlinkMessage].data.parse(data);
      if (message.recipient.target !== room) {
        throw invalid([{ path: [...path, "data.recipient.target"].join("."), message: "must be the room" }]);
      }
      return {
        publish: () => this.#bumpActivityAfter(event, hlink.publish(message, author, { id, dedupe })),
        keepsOrder: false,
      };
    }
    if (isDurable(definition)) {
      const more = dedupe === undefined ? {} : { dedupe };
      const publish = () =>
        this.#bumpActivityAfter(event, publisher.publish(definition, { room, data, id, sender, ...more }));
      return { publish, keepsOrder: true };
    }
    const signal = () => publisher.signal(definition as Ephemeral, { room, data, id, sender });
    return { publish: async () => ({ id: signal(), duplicate: false }), keepsOrder: true };
  }

  /** Moves a conversation with a new message to the top of its members' lists. */
  async #bumpActivityAfter(
    { room }: EventToPublish,
    publishing: ReturnType<Publisher["publish"]>,
  ): Promise<PublishResult> {
    const { id, position, duplicate } = await publishing;
    const { kind, id: conversationId } = parseRoom(room);
    if (kind === "conversation") {
      this.#deps.conversations.messageStored(conversationId as ConversationId, { duplicate });
    }
    return { id, position, duplicate };
  }
}

function isDurable(definition: AnyDefinition): definition is Durable {
  return definition.durable;
}

function invalid(faults: PayloadFault[]): Rejection {
  const [first] = faults;
  return new Rejection("invalid_payload", `Not valid, the event: ${first?.path}: ${first?.message}`, faults);
}
