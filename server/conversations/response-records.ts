import type { PublishedReply } from "../../shared/commands/fields.ts";
import type { ConversationId, EventId, ResponseId, UserId } from "../../shared/ids.ts";
import type { Position } from "../../shared/position.ts";
import { Rejection } from "../../shared/rejection.ts";
import type { Sender } from "../../shared/sender.ts";
import type { Documents, Versioned } from "../store/documents/documents.ts";
import { updateDocument } from "../store/documents/update-document.ts";

/** A response as the store has it, beside its events in the log. */
export interface ResponseRecord {
  /** The user who writes the response; of a dispatch's, the user who created the dispatch. */
  producer: UserId;
  /** The response belongs to the dispatch of the same id, and only agents that have that write it. */
  ofDispatch?: boolean;
  /** How often it was opened: the number of its latest writer. */
  openings?: number;
  /** Of a dispatch's: the end of the log before it began. */
  after?: Position;
  /** The sender of the deltas, and the event that the response answers; used by an end that the server writes. */
  sender?: Sender;
  inReplyTo?: EventId;
  /** The reason of the cancellation. Set when a member has cancelled the response. */
  cancelled?: string;
  /** Set when the server has decided to end the response. The producer is refused from then on. */
  ending?: ServerEnd;
  /** Set when the final `chat_response` is in the log: the reply to a producer that sends it again. */
  final?: PublishedReply;
}

type OpenedRecord = ResponseRecord & { openings: number };

/** The end that the server writes instead of the producer. */
interface ServerEnd {
  /** The id of the event: all instances that write this end write the same event. */
  id: EventId;
  status: "failed" | "cancelled";
  reason: string;
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
  async claim(response: ResponseRef, created: ResponseRecord): Promise<Versioned<ResponseRecord>> {
    if (await this.#put(response, created, 0)) return { value: created, version: 1 };
    const found = await this.get(response);
    if (found && isOwn(found.value, created)) return found;
    throw new Rejection("conflict", `Response ${response.responseId} has another producer.`);
  }

  /**
   * Like `claim`, for a producer that begins, or continues on another connection or instance. Counts the opening, so that
   * `decide` fails for an instance that has read the version before. Also rejects with `conflict` after the end.
   */
  async open(response: ResponseRef, created: ResponseRecord): Promise<{ record: OpenedRecord; isNew: boolean }> {
    const first = { ...created, openings: 1 };
    if (await this.#put(response, first, 0)) return { record: first, isNew: true };
    const record = await this.#countOpening(response, created, (before) => {
      if (!isOwn(before, created)) {
        throw new Rejection("conflict", `Response ${response.responseId} has another producer.`);
      }
      assertOpen(response, before);
    });
    return { record, isNew: false };
  }

  /** The same for the response of a dispatch, which knows itself who may write it until when. */
  openOfDispatch(response: ResponseRef, created: ResponseRecord): Promise<OpenedRecord> {
    return this.#countOpening(response, created, () => {});
  }

  /** Notes the cancellation; the first reason is kept. Rejects with `not_found`, or with `conflict` after the end. */
  async cancel(response: ResponseRef, reason: string): Promise<ResponseRecord> {
    const { value } = await this.#update(response, (before) => {
      if (!before) throw notFound(response);
      assertOpen(response, before);
      return { ...before, cancelled: before.cancelled ?? reason };
    });
    return value;
  }

  /** Notes that the server ends the response. Resolves with `undefined` if the record has changed since it was read. */
  async decide(
    response: ResponseRef,
    { value, version }: Versioned<ResponseRecord>,
    ending: ServerEnd,
  ): Promise<Versioned<ResponseRecord> | undefined> {
    const decided = { ...value, ending };
    const isDecided = await this.#put(response, decided, version);
    return isDecided ? { value: decided, version: version + 1 } : undefined;
  }

  /** Notes the end, which is in the log. */
  async end(
    response: ResponseRef,
    { value, version }: Versioned<ResponseRecord>,
    final: PublishedReply,
  ): Promise<void> {
    if (await this.#put(response, { ...value, final }, version)) return;
    // Another writer was faster. A log has only one end of a response, so a noted end is this one.
    await this.#update(response, (before = value) => ({ ...before, final: before.final ?? final }));
  }

  async #countOpening(
    response: ResponseRef,
    created: ResponseRecord,
    assertAllowed: (before: ResponseRecord) => void,
  ): Promise<OpenedRecord> {
    let openings = 0;
    const { value } = await this.#update(response, (before = created) => {
      assertAllowed(before);
      openings = (before.openings ?? 0) + 1;
      return { ...before, openings };
    });
    return { ...value, openings };
  }

  #put(response: ResponseRef, record: ResponseRecord, expected: number): Promise<boolean> {
    return this.#documents.put("response", keyOf(response), record, expected, { ttlMs: this.#ttlMs });
  }

  #update(response: ResponseRef, change: (before: ResponseRecord | undefined) => ResponseRecord) {
    return updateDocument(this.#documents, "response", keyOf(response), (before?: ResponseRecord) => ({
      value: change(before),
      ttlMs: this.#ttlMs,
    }));
  }
}

const isOwn = (record: ResponseRecord, { producer, ofDispatch }: ResponseRecord) =>
  record.producer === producer && record.ofDispatch === ofDispatch;

/** Whether the end in the log is, or will be, that of the server. */
export const isEndedByServer = ({ ending, final }: ResponseRecord) =>
  ending !== undefined && (final === undefined || final.id === ending.id);

/** Throws `conflict` if the response has ended or is about to. */
export function assertOpen({ responseId }: ResponseRef, record: ResponseRecord): void {
  if (isEndedByServer(record)) throw endedByServer(responseId, record);
  if (record.final) throw new Rejection("conflict", `Response ${responseId} has ended.`);
}

export const endedByServer = (responseId: ResponseId, { ending }: ResponseRecord) =>
  new Rejection("conflict", `Response ${responseId} was ended by the server: ${ending?.reason}.`);

export const notFound = ({ responseId }: ResponseRef) =>
  new Rejection("not_found", `There is no response ${responseId} in this conversation.`);

export const keyOf = ({ conversationId, responseId }: ResponseRef) => `${conversationId}/${responseId}`;

/** The inverse of `keyOf`. Ids contain no slash. */
export function refOf(key: string): ResponseRef {
  const slash = key.indexOf("/");
  return {
    conversationId: key.slice(0, slash) as ConversationId,
    responseId: key.slice(slash + 1) as ResponseId,
  };
}
