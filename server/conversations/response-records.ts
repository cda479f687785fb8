import type { PublishedReply } from "../../shared/commands/fields.ts";
import type { ConversationId, ResponseId, UserId } from "../../shared/ids.ts";
import { Rejection } from "../../shared/rejection.ts";
import type { Documents, Versioned } from "../store/documents/documents.ts";

/** A response as the store has it, beside its events in the log. */
export interface ResponseRecord {
  /** The user who writes the response; of a dispatch's, the user who created the dispatch. */
  producer: UserId;
  /** The response belongs to the dispatch of the same id, and only agents that have that write it. */
  ofDispatch?: boolean;
  /** Set when the final `chat_response` is in the log: the reply to a producer that sends it again. */
  final?: PublishedReply;
}

/** A response by its ids: those of users are unique within their conversation only. */
export interface ResponseRef {
  conversationId: ConversationId;
  responseId: ResponseId;
}

/** The records of responses, which every instance shares: who may write a response, and whether it has ended. */
export class ResponseRecords {
  readonly #documents: Documents;
  readonly #ttlMs: number;

  /** `ttlMs`: how long a response is remembered, which is as long as its events are kept. */
  constructor({ documents, ttlMs }: { documents: Documents; ttlMs: number }) {
    this.#documents = documents;
    this.#ttlMs = ttlMs;
  }

  get(response: ResponseRef): Promise<Versioned<ResponseRecord> | undefined> {
    return this.#documents.get<ResponseRecord>("response", keyOf(response));
  }

  async getMany(responses: ResponseRef[]): Promise<(ResponseRecord | undefined)[]> {
    const found = await this.#documents.getMany<ResponseRecord>("response", responses.map(keyOf));
    return found.map((record) => record?.value);
  }

  /** The record, created if there is none. Rejects with `conflict` when the response is another producer's. */
  async claim(response: ResponseRef, { producer, ofDispatch }: ResponseRecord): Promise<Versioned<ResponseRecord>> {
    const created: ResponseRecord = { producer, ...(ofDispatch && { ofDispatch }) };
    if (await this.#put(response, created, 0)) return { value: created, version: 1 };
    const found = await this.get(response);
    if (found?.value.producer === producer && found.value.ofDispatch === created.ofDispatch) return found;
    throw new Rejection("conflict", `Response ${response.responseId} has another producer.`);
  }

  /** Notes the end, which is in the log. */
  async end(
    response: ResponseRef,
    { value, version }: Versioned<ResponseRecord>,
    final: PublishedReply,
  ): Promise<void> {
    // A record changes once, and a log has one end of a response: if another instance was faster, it has noted this end.
    await this.#put(response, { ...value, final }, version);
  }

  #put(response: ResponseRef, record: ResponseRecord, expected: number): Promise<boolean> {
    return this.#documents.put("response", keyOf(response), record, expected, { ttlMs: this.#ttlMs });
  }
}

export const keyOf = ({ conversationId, responseId }: ResponseRef) => `${conversationId}/${responseId}`;
