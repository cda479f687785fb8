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
import type { Failed } from "../runtime/failed.ts";
import { hasRole, type Principal } from "../session/principal.ts";
import type { Hlink } from "./hlink.ts";

export interface PublicationsDeps {
  access: Access;
  conversations: Conversations;
  responses: UserResponses;
  hlink: Hlink;
  publisher: Publisher;
  failed: Failed;
}

/** On whose behalf programs publish. */
export interface Author {
  principal: Principal;
  /** As readers see it; `null`: the server itself. */
  sender: Sender | null;
}

export interface AdmitOptions {
  /** As the publisher's; for events without an id. */
  dedupe?: string;
  /** Where the event stands in what was sent; faults are named below it. */
  path?: readonly string[];
}

export type PublishResult = PublishAnswer[number];

/** An event that may be published. */
export interface Admitted {
  /** Rejects with `unavailable`, and then it may be called again. */
  publish(): Promise<PublishResult>;
  /** It is on its way when `publish` has returned, behind all that was before it. */
  keepsOrder: boolean;
}

type AnyDefinition = EventDefinition<EventType, z.ZodType, boolean>;
type Durable = EventDefinition<EventType, z.ZodType, true>;
type Ephemeral = EventDefinition<EventType, z.ZodType, false>;

/** Events of any type that other programs publish: each is held against its definition before anything happens. */
export class Publications {
  readonly #deps: PublicationsDeps;

  constructor(deps: PublicationsDeps) {
    this.#deps = deps;
  }

  /**
   * Checks everything that can be wrong. Rejects with `invalid_payload` and every fault, with `forbidden`
   * for an event that is not the author's to publish, and with `not_found` for a conversation that there is not.
   */
  async admit(event: EventToPublish, author: Author, options: AdmitOptions = {}): Promise<Admitted> {
    const { access } = this.#deps;
    const { path = [] } = options;
    const definition: AnyDefinition = events[event.type];
    const { kind } = parseRoom(event.room);
    if (!hasRole(author.principal, ...definition.publishers) || event.type === EventType.ChatResponseDelta) {
      throw new Rejection("forbidden", `${event.type} is not published this way.`);
    }
    if (!definition.rooms.includes(kind)) {
      throw invalid([{ path: [...path, "room"].join("."), message: `${event.type} is not for a ${kind} room` }]);
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
    return this.#wayOf(event, author, definition, options);
  }

  /**
   * In this order, also where the store fails in the middle: then it rejects with `unavailable`, and what came before
   * may have been published.
   */
  async publishAll(admitted: readonly Admitted[]): Promise<PublishResult[]> {
    const published: PublishResult[] = [];
    for (let next = 0; next < admitted.length; ) {
      // What keeps its order goes to the store together.
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

  #wayOf(
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
      const publish = () => this.#noted(event, responses.finish(author, { conversationId, ...response }));
      return { publish, keepsOrder: false };
    }
    if (event.type === EventType.HlinkMessage) {
      const message = events[EventType.HlinkMessage].data.parse(data);
      if (message.recipient.target !== room) {
        throw invalid([{ path: [...path, "data.recipient.target"].join("."), message: "must be the room" }]);
      }
      return { publish: () => this.#noted(event, hlink.publish(message, author, { id, dedupe })), keepsOrder: false };
    }
    if (isDurable(definition)) {
      const more = dedupe === undefined ? {} : { dedupe };
      const publish = () => this.#noted(event, publisher.publish(definition, { room, data, id, sender, ...more }));
      return { publish, keepsOrder: true };
    }
    const signal = () => publisher.signal(definition as Ephemeral, { room, data, id, sender });
    return { publish: async () => ({ id: signal(), duplicate: false }), keepsOrder: true };
  }

  /** A conversation in which something was said comes first in the lists. */
  async #noted({ room }: EventToPublish, publishing: ReturnType<Publisher["publish"]>): Promise<PublishResult> {
    const { id, position, duplicate } = await publishing;
    const { kind, id: conversationId } = parseRoom(room);
    if (kind === "conversation" && !duplicate) {
      // It is in the log by now: that the list could not be sorted anew must not look as if it were not.
      this.#deps.conversations
        .bumpActivity(conversationId as ConversationId)
        .catch((error: unknown) =>
          this.#deps.failed("update the activity of a conversation", error, { willRetry: false, conversationId }),
        );
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
