import type { LoggedEnvelope } from "../../shared/envelope.ts";
import type { ResponseId } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";
import { formatPosition, type Position } from "../../shared/position.ts";
import { Rejection } from "../../shared/rejection.ts";
import { logOfRoom, type RoomName } from "../../shared/room.ts";
import type { LogTail } from "../deliver/log-tail.ts";
import { CompactPage, type FinishedResponses, isDelta } from "./compact.ts";
import type { LogReads } from "./share-reads.ts";
import { type CatchUp, startCatchUp } from "./start-catch-up.ts";

const readPage = limits.pageMax;
const readAtLeast = 100;

export function createCatchUp({ log, finishedResponses }: { log: LogReads; finishedResponses: FinishedResponses }) {
  /** Omits the deltas of finished responses from the page. */
  async function prepare(page: CompactPage, room: RoomName, events: LoggedEnvelope[]): Promise<void> {
    const deltas = events.filter(isDelta);
    if (deltas.length === 0) return;
    const responses = new Set(deltas.map(({ data }) => data.responseId));
    page.omit(await finishedResponses(room, [...responses]));
  }

  /** Reads the log backwards from before the offset `before`, until `take` returns `false` or the log begins. */
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
   * Fills the page backwards, from the event before offset `before`; returns whether older events did not fit. `follows`:
   * what the client gets after this page: live events, or it has newer history already.
   * The deltas of an unfinished response are merged into one event, at the position of the last delta. So the page that
   * has the last delta contains all of them that the log still has, and every other page omits them.
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
      // Before a page of older history, the client has got a newer page. If that has the last delta of a response, it also
      // has the merged text, and this page leaves the response out.
      if (follows === "history" && before !== undefined && !shown && events.some(isDelta)) {
        shown = await responsesFrom(room, before);
        page.omit(shown);
      }
      for (const event of events.toReversed()) {
        isFull = !page.prepend(event);
        if (isFull) return false;
        next = event.position.offset;
      }
      return true;
    });
    if (isFull && page.lacksDeltas) {
      await readBackwards(room, next, async (events) => {
        for (const event of events.toReversed()) page.mergeEarlierDelta(event);
        return page.lacksDeltas;
      });
    }
    return isFull;
  }

  /** Responses that have deltas at or after an offset. */
  async function responsesFrom(room: RoomName, offset: number): Promise<Set<ResponseId>> {
    const responses = new Set<ResponseId>();
    for (let after = offset - 1; ; ) {
      const { events } = await log.read(logOfRoom(room), after, readPage);
      for (const event of events) if (isDelta(event)) responses.add(event.data.responseId);
      if (events.length < readPage) return responses;
      after = events.at(-1)?.position.offset ?? after;
    }
  }

  return {
    /**
     * A page of the room's history before a position, or the latest. Rejects with `conflict` for a position of
     * another epoch, or beyond the end of the log.
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

    start(tail: LogTail, room: RoomName, after: Position | undefined, limit: number): Promise<CatchUp> {
      const page = new CompactPage(limit);
      return startCatchUp(log, tail, after, {
        page,
        // About one page: to read a thousand large messages for a page of a hundred would keep the store busy.
        readAtOnce: Math.max(limit, readAtLeast),
        prepare: (events) => prepare(page, room, events),
        fillLatest: async (head) => void (await fillBack(page, room, head.offset + 1, "live")),
      });
    },
  };
}

export type CatchUpFactory = ReturnType<typeof createCatchUp>;
