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
   * Fills the page backwards, from the event before offset `before`; returns whether older events did not fit.
   * The parts of an unfinished response are merged into one event, in the place of its last part. So the page that has
   * the last part takes all parts, however far back the first one is, and any other page leaves them out.
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
      // Before live events the page is the last one. Before other history, a later page may have the last part.
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

    start(tail: LogTail, room: RoomName, after: Position | undefined, limit: number): Promise<CatchUp> {
      const page = new CompactPage(limit);
      return startCatchUp(log, tail, after, {
        page,
        // About what the page takes: a thousand large messages would keep the store busy for one page of a hundred.
        readAtOnce: Math.max(limit, readAtLeast),
        prepare: (events) => prepare(page, room, events),
        fillLatest: async (head) => void (await fillBack(page, room, head.offset + 1, "live")),
      });
    },
  };
}

export type CatchUpFactory = ReturnType<typeof createCatchUp>;
