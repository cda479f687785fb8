import type { Outcome } from "../../shared/entities/dispatch.ts";
import type { ConversationId, MessageId, ResponseId, UserId } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";
import { Rejection } from "../../shared/rejection.ts";
import { conversationRoom, type RoomName } from "../../shared/room.ts";
import type { Sender } from "../../shared/sender.ts";
import type { Publisher } from "../publish/publisher.ts";
import type { Failed } from "../runtime/failed.ts";
import type { Documents } from "../store/documents/documents.ts";
import type { EventLog } from "../store/log/event-log.ts";
import { DeltaRollup } from "./delta-rollup.ts";
import { publishEnd, tailOf } from "./response-end.ts";
import { keyOf, type ResponseRecord } from "./responses.ts";

export interface AgentAnswersDeps {
  documents: Documents;
  log: EventLog;
  publisher: Publisher;
  /** A response is remembered for as long as its events are kept. */
  ttlMs: number;
  /** Something was said there: marks the conversation's activity. */
  touch(conversationId: ConversationId): Promise<void>;
  failed: Failed;
}

/** The answer that a dispatch brings about in a conversation: a streamed response of the same id. */
export interface Answer {
  conversationId: ConversationId;
  messageId: MessageId;
  /** Each attempt begins anew, and the newest is the answer. */
  attempt: number;
  /** When the dispatch was made, in milliseconds since 1970. */
  since: number;
}

/** What agents write into conversations on behalf of dispatches. Who may do so at this moment the dispatch knows. */
export class AgentAnswers {
  readonly #deps: AgentAnswersDeps;
  /** What is being streamed by way of this instance. */
  readonly #streams = new Map<string, { attempt: number; rollup: Promise<DeltaRollup> }>();

  constructor(deps: AgentAnswersDeps) {
    this.#deps = deps;
  }

  /** Makes the response the dispatch's own. Rejects with `conflict` where there is one of that id. */
  async claim({ conversationId, messageId }: Pick<Answer, "conversationId" | "messageId">, producer: UserId) {
    const { documents, ttlMs } = this.#deps;
    const key = keyOf(conversationId, responseIdOf(messageId));
    const record: ResponseRecord = { producer, ofDispatch: true };
    if (await documents.put("response", key, record, 0, { ttlMs })) return;
    const found = await documents.get<ResponseRecord>("response", key);
    if (!found?.value.ofDispatch || found.value.producer !== producer) {
      throw new Rejection("conflict", `There is a response ${messageId} in this conversation.`);
    }
  }

  /** Resolves when the piece is taken; it goes out with others within 40 ms. */
  async write(answer: Answer, sender: Sender, delta: string): Promise<void> {
    const stream = this.#streams.get(answer.messageId);
    if (stream?.attempt === answer.attempt) {
      const rollup = await stream.rollup;
      if (!rollup.ended) return rollup.add(delta);
    }
    const before = stream?.rollup ?? Promise.resolve(undefined);
    const opening = before.then((rollup) => rollup?.end()).then(() => this.#open(answer, sender));
    this.#streams.set(answer.messageId, { attempt: answer.attempt, rollup: opening });
    try {
      await (await opening).add(delta);
    } catch (error) {
      if (this.#streams.get(answer.messageId)?.rollup === opening) this.#streams.delete(answer.messageId);
      throw error;
    }
  }

  /** Lets out what was gathered here, and forgets it: the attempt is over, or goes on at another instance. */
  async release(messageId: MessageId): Promise<void> {
    const stream = this.#streams.get(messageId);
    if (!stream) return;
    await (await stream.rollup).end();
    if (this.#streams.get(messageId) === stream) this.#streams.delete(messageId);
  }

  /**
   * Ends the response: with the text of the outcome, or what was streamed, or why there is none. May be done again, on
   * any instance, until it has been done once.
   */
  async end(answer: Answer, sender: Sender | null, status: "complete" | "failed" | "cancelled", outcome: Outcome) {
    const { conversationId, messageId, attempt, since } = answer;
    const { documents, log, ttlMs } = this.#deps;
    await this.release(messageId).catch((error: unknown) =>
      this.#deps.failed("publish the last part of an answer", error, { willRetry: false, conversationId, messageId }),
    );
    const responseId = responseIdOf(messageId);
    const key = keyOf(conversationId, responseId);
    const record = await documents.get<ResponseRecord>("response", key);
    if (record?.value.final) return;

    const room = conversationRoom(conversationId);
    const { nextIndex, end, text } = await tailOf(log, room, responseId, { attempt, since, whole: true });
    const message = (outcome.content ?? (text || (outcome.error ?? ""))).slice(0, limits.responseLength);
    const data = {
      responseId,
      message,
      status,
      ...(outcome.usage && { usage: outcome.usage }),
      ...(sender?.agentId && { agentId: sender.agentId }),
      ...(attempt > 0 && { attempt }),
    };
    const final = end
      ? { id: end.id, position: end.position, timestamp: end.timestamp, duplicate: false }
      : await publishEnd(this.#deps, { room, sender, index: nextIndex, data, since });
    const kept: ResponseRecord = { ...(record?.value ?? { producer: "" as UserId, ofDispatch: true }), final };
    await documents.put("response", key, kept, record?.version ?? 0, { ttlMs });
    await this.#deps.touch(conversationId);
  }

  /** Lets everything out that is still being gathered. */
  async flush(): Promise<void> {
    await Promise.allSettled([...this.#streams.keys()].map((messageId) => this.release(messageId as MessageId)));
  }

  async #open(answer: Answer, sender: Sender): Promise<DeltaRollup> {
    const { publisher, log, failed } = this.#deps;
    const { conversationId, messageId, attempt, since } = answer;
    const room: RoomName = conversationRoom(conversationId);
    const responseId = responseIdOf(messageId);
    const { nextIndex } = await tailOf(log, room, responseId, { attempt, since });
    return new DeltaRollup({ publisher, room, sender, responseId, attempt, nextIndex, failed });
  }
}

const responseIdOf = (messageId: MessageId) => messageId as string as ResponseId;
