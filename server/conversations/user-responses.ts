import type { CommandPayload } from "../../shared/commands/catalogue.ts";
import type { PublishedReply } from "../../shared/commands/fields.ts";
import type { ConversationId, ResponseId } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";
import { Rejection } from "../../shared/rejection.ts";
import { conversationRoom, parseRoom, type RoomName } from "../../shared/room.ts";
import { senderOf } from "../session/principal.ts";
import type { Session } from "../session/session.ts";
import type { Leases } from "../store/leases.ts";
import { cancelGraceMs } from "./abandoned-responses.ts";
import { publishEnd, publishStreamedEnd } from "./response-end.ts";
import {
  assertOpen,
  endedByServer,
  isEndedByServer,
  keyOf,
  notFound,
  type ResponseRecord,
  type ResponseRecords,
  type ResponseRef,
} from "./response-records.ts";
import type { ResponseRenewal } from "./response-renewal.ts";
import type { ResponseStreams, ResponseStreamsDeps, StreamStart } from "./response-streams.ts";

interface UserResponsesDeps extends ResponseStreamsDeps {
  records: ResponseRecords;
  streams: ResponseStreams;
  leases: Leases;
  renewal: Pick<ResponseRenewal, "isOverdue">;
  /** How long a response stays open without a sign of life from its producer. */
  leaseMs: number;
}

type DeltaCommand = CommandPayload<"/chat", "chat_response_delta">;
type ResponseCommand = CommandPayload<"/chat", "chat_response">;

/** Responses that users write. One belongs to the user who began it, and goes on over any of the user's connections. */
export class UserResponses {
  readonly #deps: UserResponsesDeps;

  constructor(deps: UserResponsesDeps) {
    this.#deps = deps;
  }

  /** As `ResponseStreams.write`. Without a delta it only renews the lease. Rejects with `conflict` after the end. */
  async write(session: Session, { delta, inReplyTo, ...response }: DeltaCommand): Promise<{ isCancelled: boolean }> {
    const { streams, renewal } = this.#deps;
    const { principal } = session;
    const key = keyOf(response);
    // Another instance may have ended the response: the record is read again.
    if (renewal.isOverdue) streams.doubt(key);
    return streams.write(key, { id: principal.userId, session }, delta, async () => {
      if (streams.countOf(session) >= limits.openResponses) {
        throw new Rejection("limit_exceeded", `A connection may write ${limits.openResponses} responses at once.`);
      }
      const { conversationId, responseId } = response;
      const sender = senderOf(principal);
      const begun = await this.#begin(session, response, {
        producer: principal.userId,
        sender,
        ...(inReplyTo !== undefined && { inReplyTo }),
      });
      return { ...begun, room: conversationRoom(conversationId), responseId, sender, inReplyTo, leased: response };
    });
  }

  /** Opens the record and sets the lease. Sends `cancel` to the producer if the response is cancelled. */
  async #begin(
    session: Session,
    response: ResponseRef,
    created: ResponseRecord,
  ): Promise<Pick<StreamStart, "writer" | "isNew" | "isCancelled">> {
    const { records, leases, leaseMs } = this.#deps;
    const { record, isNew } = await records.open(response, created);
    const id = keyOf(response);
    const { cancelled, openings: writer } = record;
    if (cancelled === undefined) {
      await leases.set("responses", [{ id, inMs: leaseMs }]);
      return { writer, isNew };
    }
    await leases.hasten("responses", [{ id, inMs: cancelGraceMs }]);
    session.send("cancel", { messageId: response.responseId, reason: cancelled });
    return { writer, isCancelled: true };
  }

  /**
   * Ends the response with its whole text; without a message, with what was streamed. The same again is answered the same. Rejects with `conflict` if the server
   * has ended the response, unless both ends have the status `cancelled`.
   */
  finish({ principal }: Pick<Session, "principal">, command: ResponseCommand): Promise<PublishedReply> {
    const { conversationId, message, ...data } = command;
    const { responseId } = data;
    const { streams, records, leases, failed } = this.#deps;
    const key = keyOf(command);
    return streams.inOrder(key, async () => {
      const record = await records.claim(command, { producer: principal.userId });
      if (hasEnded(record.value)) return replyAfterEnd(command, record.value);
      if (message === undefined) await streams.writeOut(key);
      const index = await streams.close(key);
      const end = { room: conversationRoom(conversationId), sender: senderOf(principal) };
      const reply =
        message === undefined
          ? await publishStreamedEnd(this.#deps, {
              ...end,
              responseId,
              dataOf: (...text) => ({ ...data, message: whole(...text) }),
            })
          : await publishEnd(this.#deps, { ...end, index, data: { ...data, message } });
      if (reply.duplicate) {
        const now = await records.get(command);
        if (now && hasEnded(now.value)) return replyAfterEnd(command, now.value);
      }
      // The end is in the log, so a failure to note it is not one of the command. The lease becomes due and repairs it.
      const noted = records.end(command, record, reply).then(() => leases.clear("responses", key));
      await noted.catch((error: unknown) => {
        failed("store the end of a response", error, { willRetry: true, conversationId, responseId });
      });
      return reply;
    });
  }

  /** Rejects with `not_found`, or with `conflict` when the response has ended. */
  async isOfDispatch(response: ResponseRef): Promise<boolean> {
    const found = await this.#deps.records.get(response);
    if (!found) throw notFound(response);
    assertOpen(response, found.value);
    return found.value.ofDispatch ?? false;
  }

  /** Of these responses, those whose end is in the log. */
  async finished(room: RoomName, responses: ResponseId[]): Promise<ResponseId[]> {
    const conversationId = parseRoom(room).id as ConversationId;
    const records = await this.#deps.records.getMany(responses.map((responseId) => ({ conversationId, responseId })));
    return responses.filter((_, index) => records[index]?.final !== undefined);
  }
}

/** The streamed text as the text of a response. */
function whole(text: string, isWhole: boolean): string {
  if (!isWhole) throw new Rejection("conflict", "The log has dropped the beginning of the response: send its message.");
  const { length } = text;
  if (length <= limits.responseLength) return text;
  const rule = `a response may have ${limits.responseLength} characters`;
  throw new Rejection("too_large", `Too large, message: ${length} characters were streamed, and ${rule}.`);
}

const hasEnded = ({ ending, final }: ResponseRecord) => ending !== undefined || final !== undefined;

function replyAfterEnd({ responseId, status }: ResponseCommand, record: ResponseRecord): PublishedReply {
  const { ending, final } = record;
  if (!isEndedByServer(record) && final) return { ...final, duplicate: true };
  if (status !== "cancelled" || ending?.status !== status) throw endedByServer(responseId, record);
  if (!final) throw new Rejection("unavailable", `Response ${responseId} is being ended. Try again.`);
  return { ...final, duplicate: true };
}
