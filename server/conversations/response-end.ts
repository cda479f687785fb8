import { ulid } from "ulid";
import type { z } from "zod";
import type { PublishedReply } from "../../shared/commands/fields.ts";
import type { LoggedEnvelope } from "../../shared/envelope.ts";
import { chatResponse } from "../../shared/events/chat-events.ts";
import type { EventId, ResponseId } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";
import type { Position } from "../../shared/position.ts";
import { logOfRoom, type RoomName } from "../../shared/room.ts";
import type { Sender } from "../../shared/sender.ts";
import type { Publisher } from "../publish/publisher.ts";
import { isDelta, isResponse } from "../resume/compact.ts";
import type { EventLog } from "../store/log/event-log.ts";
import { numberKey } from "./delta-rollup.ts";

export interface LoggedResponse {
  /** The index of the next delta event. */
  nextIndex: number;
  /** There if the response has ended. */
  end?: LoggedEnvelope;
  /** The text of the deltas so far, those of other attempts left out. Collected only if asked for. */
  text: string;
  /** Whether no delta is missing before those in `text`. */
  isWhole: boolean;
}

export interface ReadOptions {
  /** Of the dispatch that the response belongs to; deltas of others do not count. */
  attempt?: number | undefined;
  /**
   * The end of the log before the response began: nothing of it is older, which saves reading a whole log in vain. Not a
   * time, since the timestamps of events are of the clocks of several instances.
   */
  after?: Position | undefined;
  /** Read all of the deltas, and not only the last. */
  whole?: boolean;
}

/** How far a response is in the log, by any author. */
export async function readResponse(
  log: Pick<EventLog, "readBack">,
  room: RoomName,
  responseId: ResponseId,
  { attempt, after, whole = false }: ReadOptions = {},
): Promise<LoggedResponse> {
  const tail: LoggedResponse = { nextIndex: 0, text: "", isWhole: true };
  for (let before: number | undefined; ; ) {
    const { events } = await log.readBack(logOfRoom(room), before, limits.pageMax);
    for (const event of events.toReversed()) {
      if (!(isDelta(event) || isResponse(event)) || event.data.responseId !== responseId) continue;
      if (isResponse(event)) return { ...tail, end: event };
      if (event.data.attempt !== attempt) continue;
      tail.nextIndex = Math.max(tail.nextIndex, event.data.index + 1);
      tail.text = event.data.delta + tail.text;
      tail.isWhole = event.data.index === 0;
      if (!whole || event.data.index === 0) return tail;
    }
    const [first] = events;
    if (!first || events.length < limits.pageMax || isUpTo(first.position, after)) return tail;
    before = first.position.offset;
  }
}

/** A position of another epoch says nothing: the history that it is of is gone. */
const isUpTo = ({ epoch, offset }: Position, after: Position | undefined) =>
  after !== undefined && epoch === after.epoch && offset <= after.offset;

export interface ResponseEnd {
  room: RoomName;
  sender: Sender | null;
  /** The number of the next part, as far as is known; the reply of the log shows if it is taken. */
  index: number;
  data: EndData;
  /** As in {@link ReadOptions}. */
  after?: Position | undefined;
}

type EndData = z.input<typeof chatResponse.data>;

interface EndDeps {
  log: Pick<EventLog, "readBack">;
  publisher: Publisher;
}

/** The end takes the number after the last part, so that none can follow it. `duplicate`: there was an end already. */
export async function publishEnd(
  { log, publisher }: EndDeps,
  { room, sender, index, data, after }: ResponseEnd,
): Promise<PublishedReply> {
  const id = ulid() as EventId;
  const { attempt } = data;
  const responseId = data.responseId as ResponseId;
  for (let next = index; ; ) {
    const dedupe = numberKey(responseId, next, attempt);
    const reply = await publisher.publish(chatResponse, { room, sender, id, dedupe, data });
    if (reply.id === id) return reply;
    const { nextIndex, end } = await readResponse(log, room, responseId, { attempt, after });
    if (end) return replyFor(end);
    next = Math.max(next + 1, nextIndex);
  }
}

interface StreamedEnd extends Pick<ResponseEnd, "room" | "sender" | "after"> {
  responseId: ResponseId;
  attempt?: number | undefined;
  /** The id of the event. Default: a new one. */
  id?: EventId;
  /** Makes the data of the event from the streamed text, of which the log may have dropped the beginning. */
  dataOf(text: string, isWhole: boolean): EndData;
}

/** Like {@link publishEnd}, with the streamed text, which is read again if another delta was appended meanwhile. */
export async function publishStreamedEnd(
  { log, publisher }: EndDeps,
  { room, sender, responseId, attempt, after, id = ulid() as EventId, dataOf }: StreamedEnd,
): Promise<PublishedReply> {
  for (let next = 0; ; next++) {
    const { nextIndex, end, text, isWhole } = await readResponse(log, room, responseId, {
      attempt,
      after,
      whole: true,
    });
    if (end) return replyFor(end);
    next = Math.max(next, nextIndex);
    const dedupe = numberKey(responseId, next, attempt);
    const reply = await publisher.publish(chatResponse, { room, sender, id, dedupe, data: dataOf(text, isWhole) });
    if (reply.id === id) return reply;
  }
}

const replyFor = ({ id, position, timestamp }: LoggedEnvelope): PublishedReply => ({
  id,
  position,
  timestamp,
  duplicate: true,
});
