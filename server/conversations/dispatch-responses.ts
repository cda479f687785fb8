import type { Outcome } from "../../shared/entities/dispatch.ts";
import type { ConversationId, MessageId, ResponseId, UserId } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";
import { conversationRoom, logOfRoom } from "../../shared/room.ts";
import type { Sender } from "../../shared/sender.ts";
import type { Session } from "../session/session.ts";
import type { Versioned } from "../store/documents/documents.ts";
import { publishStreamedEnd } from "./response-end.ts";
import type { ResponseRecord, ResponseRecords } from "./response-records.ts";
import type { ResponseStreams, ResponseStreamsDeps } from "./response-streams.ts";

interface DispatchResponsesDeps extends ResponseStreamsDeps {
  records: ResponseRecords;
  streams: ResponseStreams;
  /** Moves the conversation to the top of its members' lists. */
  bumpActivity(conversationId: ConversationId): Promise<void>;
}

/** The response of a dispatch in its conversation; it has the dispatch's id. */
export interface DispatchResponse {
  conversationId: ConversationId;
  messageId: MessageId;
  /** The user who created the dispatch. */
  producer: UserId;
  /** Each attempt begins anew, and the newest is the response. */
  attempt: number;
}

/** Responses that agents write on behalf of dispatches. Which agent may do so at a moment, the dispatch knows. */
export class DispatchResponses {
  readonly #deps: DispatchResponsesDeps;

  constructor(deps: DispatchResponsesDeps) {
    this.#deps = deps;
  }

  /** As `ResponseStreams.write`. */
  async write(response: DispatchResponse, session: Session, sender: Sender, delta: string): Promise<void> {
    const { messageId, attempt } = response;
    const author = { id: `${attempt}`, session };
    await this.#deps.streams.write(messageId, author, delta, async () => {
      const room = conversationRoom(response.conversationId);
      // Each opening is by a later writer: its number decides whose deltas count (`delta-rollup.ts`).
      const { after, openings } = await this.#deps.records.openOfDispatch(refOf(response), ownRecord(response));
      return { room, responseId: idOf(response), sender, attempt, after, writer: openings };
    });
  }

  /** Publishes the deltas that are gathered here: the attempt is over, or goes on at another instance. */
  flushAndClose(messageId: MessageId): Promise<void> {
    return this.#deps.streams.flushAndClose(messageId);
  }

  /**
   * Ends the response: with the content of the outcome, or what was streamed, or why there is none. May be done again,
   * on any instance, until it has been done once.
   */
  async end(
    response: DispatchResponse,
    sender: Sender | null,
    status: "complete" | "failed" | "cancelled",
    outcome: Outcome,
  ): Promise<void> {
    const { conversationId, messageId, attempt } = response;
    const { records, bumpActivity } = this.#deps;
    await this.flushAndClose(messageId);
    const record = await records.claim(refOf(response), ownRecord(response));
    if (record.value.final) return;

    const responseId = idOf(response);
    const room = conversationRoom(conversationId);
    const reply = await publishStreamedEnd(this.#deps, {
      room,
      sender,
      responseId,
      attempt,
      after: record.value.after,
      dataOf: (text) => ({
        responseId,
        message: (outcome.content ?? (text || (outcome.error ?? ""))).slice(0, limits.responseLength),
        status,
        ...(outcome.usage && { usage: outcome.usage }),
        ...(sender?.agentId && { agentId: sender.agentId }),
        ...(attempt > 0 && { attempt }),
      }),
    });
    const final = { ...reply, duplicate: false };
    await records.end({ conversationId, responseId }, record, final);
    await bumpActivity(conversationId);
  }

  /** Makes the response the dispatch's own. Rejects with `conflict` where there is another one of that id. */
  async claim(response: DispatchResponse): Promise<Versioned<ResponseRecord>> {
    const { log, records } = this.#deps;
    const { epoch, last: offset } = await log.bounds(logOfRoom(conversationRoom(response.conversationId)));
    return records.claim(refOf(response), { ...ownRecord(response), after: { epoch, offset } });
  }
}

const ownRecord = ({ producer }: DispatchResponse): ResponseRecord => ({ producer, ofDispatch: true });

const refOf = (response: DispatchResponse) => ({
  conversationId: response.conversationId,
  responseId: idOf(response),
});

const idOf = ({ messageId }: DispatchResponse) => messageId as string as ResponseId;
