import { ulid } from "ulid";
import type { ConversationId, EventId, UserId } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";
import { conversationRoom } from "../../shared/room.ts";
import type { Broadcast } from "../deliver/broadcast.ts";
import type { Versioned } from "../store/documents/documents.ts";
import type { Leases } from "../store/leases.ts";
import { publishStreamedEnd } from "./response-end.ts";
import { keyOf, type ResponseRecord, type ResponseRecords, type ResponseRef, refOf } from "./response-records.ts";
import type { ResponseStreams, ResponseStreamsDeps } from "./response-streams.ts";

interface AbandonedResponsesDeps extends ResponseStreamsDeps {
  records: ResponseRecords;
  streams: ResponseStreams;
  leases: Leases;
  broadcast: Broadcast;
  /** How many connections the user has, over all instances. */
  connectionsOf(userId: UserId): Promise<number>;
  /** Moves the conversation to the top of its members' lists. */
  bumpActivity(conversationId: ConversationId): Promise<void>;
}

/** How long a producer may take to end a cancelled response itself. */
export const cancelGraceMs = 2_000;

/**
 * Ends user responses that their producers do not end: the lease has expired, or the response was cancelled. The steps
 * are: note in the record that the server ends the response, append the end to the log, note that in the record, remove
 * the lease. If an instance dies in between, the lease becomes due again and another instance continues.
 */
export class AbandonedResponses {
  readonly #deps: AbandonedResponsesDeps;

  constructor(deps: AbandonedResponsesDeps) {
    this.#deps = deps;
  }

  /** Called when a lease is due. The claim of the lease is valid `until` then (`performance.now()`). */
  async onDue(key: string, until: number): Promise<void> {
    const { records, leases } = this.#deps;
    const response = refOf(key);
    const found = await records.get(response);
    if (!found || found.value.final || found.value.ofDispatch) return leases.clear("responses", key);
    // After that the lease may have been renewed since it was claimed.
    if (performance.now() < until) await this.#end(response);
  }

  /**
   * Asks the producer to stop. The response ends at once if the producer has no connection. Rejects with `not_found`, or
   * with `conflict` after the end.
   */
  async cancel(response: ResponseRef, reason: string): Promise<void> {
    const { records, leases, broadcast, connectionsOf, failed } = this.#deps;
    const key = keyOf(response);
    const { producer, cancelled = reason } = await records.cancel(response, reason);
    await leases.hasten("responses", [{ id: key, inMs: cancelGraceMs }]);
    // The producer may have reconnected since it began, so all its connections are told.
    const data = { messageId: response.responseId, reason: cancelled };
    broadcast.send({ kind: "tell", userId: producer, name: "cancel", data, response: key });
    if ((await connectionsOf(producer)) > 0) return;
    await this.#end(response).catch((error: unknown) =>
      failed("end a response that was cancelled", error, { willRetry: true, ...response }),
    );
  }

  async #end(response: ResponseRef): Promise<void> {
    const { records, streams } = this.#deps;
    await streams.inOrder(keyOf(response), async () => {
      const found = await records.get(response);
      if (!found || found.value.final) return;
      const decided = found.value.ending ? found : await records.decide(response, found, endOf(found.value));
      // If the record has changed meanwhile, the producer has returned or has ended the response.
      if (decided) await this.#complete(response, decided);
    });
  }

  async #complete(response: ResponseRef, decided: Versioned<ResponseRecord>): Promise<void> {
    const { records, streams, leases, bumpActivity } = this.#deps;
    const { conversationId, responseId } = response;
    const { producer, sender = { userId: producer, name: null, agentId: null }, inReplyTo, ending } = decided.value;
    if (!ending) return;
    const { id, status, reason } = ending;
    await streams.close(keyOf(response));
    const reply = await publishStreamedEnd(this.#deps, {
      room: conversationRoom(conversationId),
      sender,
      responseId,
      id,
      dataOf: (text) => ({
        responseId,
        message: (text || reason).slice(0, limits.responseLength),
        status,
        ...(inReplyTo && { inReplyTo }),
      }),
    });
    await records.end(response, decided, { ...reply, duplicate: false });
    await leases.clear("responses", keyOf(response));
    await bumpActivity(conversationId);
  }
}

function endOf({ cancelled }: ResponseRecord) {
  const id = ulid() as EventId;
  return cancelled === undefined
    ? ({ id, status: "failed", reason: "nothing was heard of its producer" } as const)
    : ({ id, status: "cancelled", reason: cancelled } as const);
}
