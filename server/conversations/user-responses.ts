import type { CommandPayload } from "../../shared/commands/catalogue.ts";
import type { PublishedReply } from "../../shared/commands/fields.ts";
import type { ConversationId, ResponseId } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";
import { Rejection } from "../../shared/rejection.ts";
import { conversationRoom, parseRoom, type RoomName } from "../../shared/room.ts";
import { senderOf } from "../session/principal.ts";
import type { Session } from "../session/session.ts";
import { publishEnd } from "./response-end.ts";
import { keyOf, type ResponseRecord, type ResponseRecords, type ResponseRef } from "./response-records.ts";
import type { ResponseStreams, ResponseStreamsDeps } from "./response-streams.ts";

interface UserResponsesDeps extends ResponseStreamsDeps {
  records: ResponseRecords;
  streams: ResponseStreams;
}

type DeltaCommand = CommandPayload<"/chat", "chat_response_delta">;
type ResponseCommand = CommandPayload<"/chat", "chat_response">;

/** Responses that users write. One belongs to the user who began it, and goes on over any of the user's connections. */
export class UserResponses {
  readonly #deps: UserResponsesDeps;

  constructor(deps: UserResponsesDeps) {
    this.#deps = deps;
  }

  /** As `ResponseStreams.write`. Rejects with `conflict` after the end. */
  async write(session: Session, { delta, inReplyTo, ...response }: DeltaCommand): Promise<void> {
    const { streams, records } = this.#deps;
    const { principal } = session;
    await streams.write(keyOf(response), { id: principal.userId, session }, delta, async () => {
      if (streams.countOf(session) >= limits.openResponses) {
        throw new Rejection("limit_exceeded", `A connection may write ${limits.openResponses} responses at once.`);
      }
      const { value } = await records.claim(response, { producer: principal.userId });
      if (value.final) throw hasEnded(response);
      const { conversationId, responseId } = response;
      return { room: conversationRoom(conversationId), responseId, sender: senderOf(principal), inReplyTo };
    });
  }

  /** Ends the response with its whole text. The same again is answered the same. */
  finish({ principal }: Pick<Session, "principal">, command: ResponseCommand): Promise<PublishedReply> {
    const { conversationId, ...data } = command;
    const { streams, records, failed } = this.#deps;
    const key = keyOf(command);
    return streams.inOrder(key, async () => {
      const record = await records.claim(command, { producer: principal.userId });
      if (record.value.final) return { ...record.value.final, duplicate: true };
      const index = await streams.close(key);
      const room = conversationRoom(conversationId);
      const reply = await publishEnd(this.#deps, { room, sender: senderOf(principal), index, data });
      // The end is in the log; that it could not be noted must not look as if it were not.
      await records.end(command, record, reply).catch((error: unknown) => {
        const { responseId } = data;
        failed("store the end of a response", error, { willRetry: false, conversationId, responseId });
      });
      return reply;
    });
  }

  /** Who writes the response. Rejects with `not_found`, or with `conflict` when it has ended. */
  async producerOf(response: ResponseRef): Promise<ResponseRecord> {
    const record = await this.#deps.records.get(response);
    if (!record) throw new Rejection("not_found", `There is no response ${response.responseId} in this conversation.`);
    if (record.value.final) throw hasEnded(response);
    return record.value;
  }

  /** Of these responses, those whose end is in the log. */
  async finished(room: RoomName, responses: ResponseId[]): Promise<ResponseId[]> {
    const conversationId = parseRoom(room).id as ConversationId;
    const records = await this.#deps.records.getMany(responses.map((responseId) => ({ conversationId, responseId })));
    return responses.filter((_, index) => records[index]?.final !== undefined);
  }
}

const hasEnded = ({ responseId }: ResponseRef) => new Rejection("conflict", `Response ${responseId} has ended.`);
