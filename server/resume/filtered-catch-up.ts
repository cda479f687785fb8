import type { LoggedEnvelope } from "../../shared/envelope.ts";
import type { Position } from "../../shared/position.ts";
import type { LogTail } from "../deliver/log-tail.ts";
import type { EventLog } from "../store/log/event-log.ts";
import { type CatchUp, lossOf, type Resumed } from "./catch-up.ts";
import { FilteredPage } from "./filtered-page.ts";

/** Events that are looked through at a time: so much is parsed in one go. */
const readPage = 500;
/** Events that one request looks through: a client with a position is told how far it got, and goes on from there. */
export const scannedAhead = 2_000;
/** The same backwards, where there is no going on; so much is a log of the usual size. */
export const scannedBack = 10_000;

/** The catch-up of a log that many topics share: of its events, those that match. */
export function createFilteredCatchUp({ log }: { log: Pick<EventLog, "bounds" | "read" | "readBack"> }) {
  /** What follows `after`, as far as the tail is, the page reaches, and one request looks. */
  async function forward(tail: LogTail, page: FilteredPage, after: Position) {
    let cursor = after;
    for (let left = scannedAhead; cursor.offset < tail.head.offset && cursor.epoch === tail.head.epoch; ) {
      if (left <= 0) return { cursor, isWhole: false };
      const count = Math.min(readPage, left, tail.head.offset - cursor.offset);
      const { events, bounds } = await log.read(tail.name, cursor.offset, count);
      if (events.length === 0 || lossOf(cursor, bounds)) break;
      for (const event of events) {
        if (!page.append(event)) return { cursor, isWhole: false };
        cursor = event.position;
      }
      left -= events.length;
    }
    return { cursor, isWhole: true };
  }

  async function latest(tail: LogTail, page: FilteredPage): Promise<Position> {
    const cursor = tail.head;
    let before: number | undefined = cursor.offset + 1;
    for (let left = scannedBack; left > 0 && before !== undefined; left -= readPage) {
      const { events } = await log.readBack(tail.name, before, readPage);
      for (const event of events.toReversed()) if (!page.prepend(event)) return cursor;
      before = events.length < readPage ? undefined : events[0]?.position.offset;
    }
    return cursor;
  }

  return {
    /**
     * From a position, or with the latest events that match, to where the tail is.
     * The reply's position may be ahead of its last event: what lies between does not match.
     */
    async start(
      tail: LogTail,
      matches: (event: LoggedEnvelope) => boolean,
      after: Position | undefined,
      limit: number,
    ): Promise<CatchUp> {
      const page = new FilteredPage(limit, matches);
      const lostReason = after && lossOf(after, await log.bounds(tail.name));
      if (!after || lostReason) {
        const lost = lostReason ? { recovered: false, lostReason } : {};
        const cursor = await latest(tail, page);
        return { reachesLive: true, finish: () => ({ ...finishLatest(tail, page, cursor), ...lost }) };
      }
      // The client was served by an instance that is ahead of this one.
      await tail.waitUntil(after.offset);
      const { cursor, isWhole } = await forward(tail, page, after);
      return { reachesLive: isWhole, finish: () => finishForward(tail, page, cursor, isWhole) };
    },
  };
}

export type FilteredCatchUp = ReturnType<typeof createFilteredCatchUp>;

/** What the tail has delivered since the cursor, or `undefined` when that is longer ago than it remembers. */
function sinceCursor(tail: LogTail, cursor: Position): LoggedEnvelope[] | undefined {
  return cursor.epoch === tail.head.epoch ? tail.eventsAfter(cursor.offset) : undefined;
}

function finishLatest(tail: LogTail, page: FilteredPage, cursor: Position): Resumed {
  const since = sinceCursor(tail, cursor);
  if (!since) return { joined: false, position: cursor, events: page.events, hasMore: true };
  for (const event of since) page.push(event);
  return { joined: true, position: tail.head, events: page.events, hasMore: false };
}

function finishForward(tail: LogTail, page: FilteredPage, cursor: Position, isWhole: boolean): Resumed {
  const since = isWhole ? sinceCursor(tail, cursor) : undefined;
  let position = cursor;
  for (const event of since ?? []) {
    if (!page.append(event)) break;
    position = event.position;
  }
  const joined = since !== undefined && position.offset === tail.head.offset;
  return { joined, position, events: page.events, hasMore: !joined, recovered: true };
}
