import type { LostReason } from "../../shared/commands/fields.ts";
import type { LoggedEnvelope } from "../../shared/envelope.ts";
import type { ResponseId } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";
import { formatPosition, type Position } from "../../shared/position.ts";
import { Rejection } from "../../shared/rejection.ts";
import { logOfRoom, type RoomName } from "../../shared/room.ts";
import type { LogTail } from "../deliver/log-tail.ts";
import type { LogBounds } from "../store/log/event-log.ts";
import { CompactPage, type FinishedResponses, isDelta } from "./compact.ts";
import type { LogReads } from "./share-reads.ts";

/** The part of a join's reply that is about history. */
export interface Resumed {
  joined: boolean;
  position: Position;
  events: LoggedEnvelope[];
  hasMore: boolean;
  recovered?: boolean;
  lostReason?: LostReason;
}

/**
 * History read up to a cursor, which is never ahead of what the tail has delivered. `finish` closes the gap between the
 * two and is synchronous: if its result says `joined` and the connection goes live in the same tick, then the first
 * live event is the one right after `position`.
 */
export interface CatchUp {
  /** `false`: there is more than a page to read first, and `finish` will not say `joined`. */
  reachesLive: boolean;
  finish(): Resumed;
}

const readPage = limits.pageMax;

export function createCatchUp({ log, finishedResponses }: { log: LogReads; finishedResponses: FinishedResponses }) {
  /** Tells the page which of these deltas it can leave out. */
  async function prepare(page: CompactPage, room: RoomName, events: LoggedEnvelope[]): Promise<void> {
    const deltas = events.filter(isDelta);
    if (deltas.length === 0) return;
    const responses = new Set(deltas.map(({ data }) => data.responseId));
    page.leaveOut(await finishedResponses(room, [...responses]));
  }

  /** Goes backwards through the log from before the offset `before`, until `take` says stop or there is no more. */
  async function readBackwards(
    room: RoomName,
    before: number | undefined,
    take: (events: LoggedEnvelope[]) => Promise<boolean>,
  ): Promise<void> {
    for (let end = before; ; ) {
      const { events } = await log.readBack(logOfRoom(room), end, readPage);
      if (!(await take(events))) return;
      end = events[0]?.position.offset;
      if (end === undefined || events.length < readPage) return;
    }
  }

  /**
   * Fills the page backwards from before the offset `before`; returns whether there is more that did not fit.
   * A response that is being written is shown as a whole where its last part stands, however far back it began: so a
   * page that has the last part takes all of them, and a page that has only earlier ones leaves them out.
   */
  async function fillBack(
    page: CompactPage,
    room: RoomName,
    before: number | undefined,
    follows: "history" | "live",
  ): Promise<boolean> {
    let next = before;
    let isFull = false;
    let shown: Set<ResponseId> | undefined;
    await readBackwards(room, before, async (events) => {
      await prepare(page, room, events);
      // What is live after the page goes on with the parts; what is history has shown the response already.
      if (follows === "history" && before !== undefined && !shown && events.some(isDelta)) {
        shown = await responsesFrom(room, before);
        page.leaveOut(shown);
      }
      for (const event of events.toReversed()) {
        isFull = !page.prepend(event);
        if (isFull) return false;
        next = event.position.offset;
      }
      return true;
    });
    if (isFull && page.lacksParts) {
      await readBackwards(room, next, async (events) => {
        for (const event of events.toReversed()) page.prependPart(event);
        return page.lacksParts;
      });
    }
    return isFull;
  }

  /** Responses that have parts at or after an offset. */
  async function responsesFrom(room: RoomName, offset: number): Promise<Set<ResponseId>> {
    const responses = new Set<ResponseId>();
    for (let after = offset - 1; ; ) {
      const { events } = await log.read(logOfRoom(room), after, readPage);
      for (const event of events) if (isDelta(event)) responses.add(event.data.responseId);
      if (events.length < readPage) return responses;
      after = events.at(-1)?.position.offset ?? after;
    }
  }

  async function latest(
    tail: LogTail,
    room: RoomName,
    limit: number,
  ): Promise<{ page: CompactPage; cursor: Position }> {
    const cursor = tail.head;
    const page = new CompactPage(limit);
    await fillBack(page, room, cursor.offset + 1, "live");
    return { page, cursor };
  }

  /** What follows `after`, as far as the tail is and the page reaches. */
  async function forward(tail: LogTail, room: RoomName, after: Position, limit: number) {
    const page = new CompactPage(limit);
    let cursor = after;
    while (cursor.offset < tail.head.offset && cursor.epoch === tail.head.epoch) {
      const head = tail.head.offset;
      const { events, bounds } = await log.read(tail.name, cursor.offset, Math.min(readPage, head - cursor.offset));
      if (lossOf(cursor, bounds)) break;
      await prepare(page, room, events);
      for (const event of events) {
        if (!page.append(event)) return { page, cursor, full: true };
        cursor = event.position;
      }
      if (events.length === 0) break;
    }
    return { page, cursor, full: false };
  }

  return {
    /**
     * A page of the room's history before a position, or the latest. Rejects with `conflict` for a position whose
     * history is gone.
     */
    async history(room: RoomName, before: Position | undefined, limit: number) {
      const bounds = before && (await log.bounds(logOfRoom(room)));
      if (before && bounds && (before.epoch !== bounds.epoch || before.offset > bounds.last)) {
        const { epoch, last: offset } = bounds;
        throw new Rejection(
          "conflict",
          `${room} is at ${formatPosition({ epoch, offset })}; the position given is not in its log.`,
        );
      }
      const page = new CompactPage(limit);
      const hasMore = await fillBack(page, room, before?.offset, "history");
      return { events: page.events, hasMore };
    },

    async start(tail: LogTail, room: RoomName, after: Position | undefined, limit: number): Promise<CatchUp> {
      const lostReason = after && lossOf(after, await log.bounds(tail.name));
      if (!after || lostReason) {
        const { page, cursor } = await latest(tail, room, limit);
        return { reachesLive: true, finish: () => finishLatest(tail, page, cursor, lostReason) };
      }
      // The client was served by an instance that is ahead of this one.
      await tail.waitUntil(after.offset);
      const { page, cursor, full } = await forward(tail, room, after, limit);
      return { reachesLive: !full, finish: () => finishForward(tail, page, cursor, full) };
    },
  };
}

export type CatchUpFactory = ReturnType<typeof createCatchUp>;

function finishLatest(tail: LogTail, page: CompactPage, cursor: Position, lostReason: LostReason | undefined): Resumed {
  const since = cursor.epoch === tail.head.epoch ? tail.eventsAfter(cursor.offset) : undefined;
  const lost = lostReason ? { recovered: false, lostReason } : {};
  if (!since) return { joined: false, position: cursor, events: page.events, hasMore: true, ...lost };
  for (const event of since) page.push(event);
  return { joined: true, position: tail.head, events: page.events, hasMore: false, ...lost };
}

function finishForward(tail: LogTail, page: CompactPage, cursor: Position, full: boolean): Resumed {
  const since = !full && cursor.epoch === tail.head.epoch ? tail.eventsAfter(cursor.offset) : undefined;
  let position = cursor;
  for (const event of since ?? []) {
    if (!page.append(event)) break;
    position = event.position;
  }
  const joined = since !== undefined && position.offset === tail.head.offset;
  return { joined, position, events: page.events, hasMore: !joined, recovered: true };
}

/** Why what follows the position cannot be given, if it cannot. */
export function lossOf(position: Position, bounds: LogBounds): LostReason | undefined {
  if (position.epoch !== bounds.epoch) return "epoch_changed";
  if (position.offset > bounds.last) return "ahead_of_log";
  if (position.offset < bounds.first - 1) return "trimmed";
  return undefined;
}
