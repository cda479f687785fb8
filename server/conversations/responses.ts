import type { CommandPayload } from "../../shared/commands/catalogue.ts";
import type { PublishedReply } from "../../shared/commands/fields.ts";
import type { ConnectionId, ConversationId, ResponseId, UserId } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";
import { Rejection } from "../../shared/rejection.ts";
import { conversationRoom, parseRoom, type RoomName } from "../../shared/room.ts";
import type { Publisher } from "../publish/publisher.ts";
import type { Failed } from "../runtime/failed.ts";
import { senderOf } from "../session/principal.ts";
import type { Session } from "../session/session.ts";
import type { Documents, Versioned } from "../store/documents/documents.ts";
import type { EventLog } from "../store/log/event-log.ts";
import { DeltaRollup } from "./delta-rollup.ts";
import { publishEnd, tailOf } from "./response-end.ts";

/** What is kept of a streamed response, beside its events in the log. */
export interface ResponseRecord {
  /** Who writes it; of one that a dispatch brings about, who asked for that. */
  producer: UserId;
  /** It is written on behalf of the dispatch of the same id, and by nobody else. */
  ofDispatch?: boolean;
  /** Set when the final `chat_response` is in the log; the answer to whoever sends it again. */
  final?: PublishedReply;
}

export interface ResponsesDeps {
  documents: Documents;
  log: EventLog;
  publisher: Publisher;
  /** A response is remembered for as long as its events are kept. */
  ttlMs: number;
  failed: Failed;
}

export interface Producer {
  userId: UserId;
  /** An agent writes it, on behalf of the dispatch of the same id. */
  ofDispatch: boolean;
}

type DeltaCommand = CommandPayload<"/chat", "chat_response_delta">;
type ResponseCommand = CommandPayload<"/chat", "chat_response">;

interface Stream {
  rollup: DeltaRollup;
  /** The connection that writes; when it ends, the stream is forgotten here and may go on elsewhere. */
  writer: ConnectionId;
}

/** Answers that are written piece by piece. A response belongs to the user who began it. */
export class Responses {
  readonly #deps: ResponsesDeps;
  readonly #streams = new Map<string, Promise<Stream>>();
  /** Ends that are on their way into the log. */
  readonly #finishing = new Map<string, Promise<void>>();
  readonly #byWriter = new Map<ConnectionId, Set<string>>();

  constructor(deps: ResponsesDeps) {
    this.#deps = deps;
  }

  /** Resolves when the piece is taken; it goes out with others within 40 ms. Rejects with `conflict` after the end. */
  async write(session: Session, { conversationId, responseId, delta, inReplyTo }: DeltaCommand): Promise<void> {
    const { rollup } = await this.#stream(session, conversationId, responseId, inReplyTo);
    await rollup.add(delta);
  }

  /** Ends the response with its whole text. The same again is answered the same. */
  async finish(session: Pick<Session, "principal">, command: ResponseCommand): Promise<PublishedReply> {
    const key = keyOf(command.conversationId, command.responseId);
    // Pieces that come from another connection meanwhile wait, and are told that the response has ended.
    const finishing = (this.#finishing.get(key) ?? Promise.resolve()).then(() => this.#finish(session, key, command));
    const ended = finishing.then(
      () => {},
      () => {},
    );
    this.#finishing.set(key, ended);
    try {
      return await finishing;
    } finally {
      if (this.#finishing.get(key) === ended) this.#finishing.delete(key);
    }
  }

  async #finish(session: Pick<Session, "principal">, key: string, command: ResponseCommand): Promise<PublishedReply> {
    const { conversationId, ...data } = command;
    const record = await this.#claim(session, conversationId, data.responseId);
    if (record.value.final) return { ...record.value.final, duplicate: true };

    const stream = await this.#streams.get(key);
    await stream?.rollup.end();
    const room = conversationRoom(conversationId);
    const end = { room, sender: senderOf(session.principal), index: stream?.rollup.nextIndex ?? 0, data };
    const reply = await publishEnd(this.#deps, end);
    const final: ResponseRecord = { ...record.value, final: reply };
    this.#forget(key, stream?.writer);
    try {
      await this.#deps.documents.put("response", key, final, record.version, { ttlMs: this.#deps.ttlMs });
    } catch (error) {
      // The end is in the log; that it could not be noted must not look as if it were not.
      const { responseId } = data;
      this.#deps.failed("store the end of an answer", error, { willRetry: false, conversationId, responseId });
    }
    return reply;
  }

  /** Who or what writes the response. Rejects with `not_found`, or with `conflict` when it has ended. */
  async producerOf(conversationId: ConversationId, responseId: ResponseId): Promise<Producer> {
    const record = await this.#read(keyOf(conversationId, responseId));
    if (!record) throw new Rejection("not_found", `There is no response ${responseId} in this conversation.`);
    if (record.value.final) throw new Rejection("conflict", `Response ${responseId} has ended.`);
    const { producer: userId, ofDispatch = false } = record.value;
    return { userId, ofDispatch };
  }

  /** Of these responses, those whose end is in the log. */
  async finished(room: RoomName, responses: ResponseId[]): Promise<ResponseId[]> {
    const { id } = parseRoom(room);
    const keys = responses.map((responseId) => keyOf(id as ConversationId, responseId));
    const records = await this.#deps.documents.getMany<ResponseRecord>("response", keys);
    return responses.filter((_, index) => records[index]?.value.final !== undefined);
  }

  /** Lets everything out that is still being gathered. */
  async flush(): Promise<void> {
    const streams = await Promise.allSettled(this.#streams.values());
    await Promise.all(streams.map((stream) => (stream.status === "fulfilled" ? stream.value.rollup.end() : undefined)));
  }

  #read(key: string): Promise<Versioned<ResponseRecord> | undefined> {
    return this.#deps.documents.get<ResponseRecord>("response", key);
  }

  /** The response's record, made on first use. Whoever made it is the only one to go on with it. */
  async #claim(session: Pick<Session, "principal">, conversationId: ConversationId, responseId: ResponseId) {
    const key = keyOf(conversationId, responseId);
    const producer = session.principal.userId;
    const created: ResponseRecord = { producer };
    if (!(await this.#read(key))) {
      await this.#deps.documents.put("response", key, created, 0, { ttlMs: this.#deps.ttlMs });
    }
    const record = await this.#read(key);
    if (!record || record.value.producer !== producer || record.value.ofDispatch) {
      throw new Rejection("conflict", `Response ${responseId} is somebody else's.`);
    }
    return record;
  }

  async #stream(
    session: Session,
    conversationId: ConversationId,
    responseId: ResponseId,
    inReplyTo: DeltaCommand["inReplyTo"],
  ): Promise<Stream> {
    const key = keyOf(conversationId, responseId);
    await this.#finishing.get(key);
    const known = await this.#streams.get(key);
    if (known?.rollup.producer === session.principal.userId && !known.rollup.ended) {
      this.#own(key, known, session);
      return known;
    }
    if ((this.#byWriter.get(session.connectionId)?.size ?? 0) >= limits.openResponses) {
      throw new Rejection("limit_exceeded", `A connection may write ${limits.openResponses} responses at once.`);
    }
    // What an ended connection leaves behind is in the log before the numbers go on.
    const opening = (known?.rollup.end() ?? Promise.resolve()).then(() =>
      this.#open(session, conversationId, responseId, inReplyTo),
    );
    this.#streams.set(key, opening);
    try {
      const stream = await opening;
      this.#own(key, stream, session);
      return stream;
    } catch (error) {
      if (this.#streams.get(key) === opening) this.#streams.delete(key);
      throw error;
    }
  }

  async #open(
    session: Session,
    conversationId: ConversationId,
    responseId: ResponseId,
    inReplyTo: DeltaCommand["inReplyTo"],
  ): Promise<Stream> {
    const { publisher, failed } = this.#deps;
    const record = await this.#claim(session, conversationId, responseId);
    if (record.value.final) throw new Rejection("conflict", `Response ${responseId} has ended.`);
    const room = conversationRoom(conversationId);
    const { nextIndex, end } = await tailOf(this.#deps.log, room, responseId);
    // It is in the log, and could not be noted.
    if (end) throw new Rejection("conflict", `Response ${responseId} has ended.`);
    const rollup = new DeltaRollup({
      publisher,
      room,
      sender: senderOf(session.principal),
      responseId,
      inReplyTo,
      nextIndex,
      failed,
    });
    return { rollup, writer: session.connectionId };
  }

  #own(key: string, stream: Stream, session: Session): void {
    const { connectionId } = session;
    if (stream.writer !== connectionId) this.#byWriter.get(stream.writer)?.delete(key);
    stream.writer = connectionId;
    let keys = this.#byWriter.get(connectionId);
    if (!keys) {
      keys = new Set();
      this.#byWriter.set(connectionId, keys);
      session.onClose(() => this.#release(connectionId));
    }
    keys.add(key);
  }

  async #release(connectionId: ConnectionId): Promise<void> {
    for (const key of [...(this.#byWriter.get(connectionId) ?? [])]) {
      const stream = await this.#streams.get(key)?.catch(() => undefined);
      if (stream?.writer !== connectionId) continue;
      await stream.rollup.end();
      this.#forget(key, connectionId);
    }
    this.#byWriter.delete(connectionId);
  }

  #forget(key: string, writer: ConnectionId | undefined): void {
    this.#streams.delete(key);
    if (writer !== undefined) this.#byWriter.get(writer)?.delete(key);
  }
}

export const keyOf = (conversationId: ConversationId, responseId: ResponseId) => `${conversationId}/${responseId}`;
