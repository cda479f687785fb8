import type { LoggedEnvelope } from "../../shared/envelope.ts";
import type { Position } from "../../shared/position.ts";
import type { LogFeed } from "../deliver/log-tail.ts";
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
  /** What follows `after`, as far as the feed is, the page reaches, and one request looks. */
  async function forward(feed: LogFeed, page: FilteredPage, after: Position) {
    let cursor = after;
    for (let left = scannedAhead; cursor.offset < feed.head.offset && cursor.epoch === feed.head.epoch; ) {
      if (left <= 0) return { cursor, isWhole: false };
      const count = Math.min(readPage, left, feed.head.offset - cursor.offset);
      const { events, bounds } = await log.read(feed.name, cursor.offset, count);
      if (events.length === 0 || lossOf(cursor, bounds)) break;
      for (const event of events) {
        if (!page.append(event)) return { cursor, isWhole: false };
        cursor = event.position;
      }
      left -= events.length;
    }
    return { cursor, isWhole: true };
  }

  async function latest(feed: LogFeed, page: FilteredPage): Promise<Position> {
    const cursor = feed.head;
    let before: number | undefined = cursor.offset + 1;
    for (let left = scannedBack; left > 0 && before !== undefined; left -= readPage) {
      const { events } = await log.readBack(feed.name, before, readPage);
      for (const event of events.toReversed()) if (!page.prepend(event)) return cursor;
      before = events.length < readPage ? undefined : events[0]?.position.offset;
    }
    return cursor;
  }

  return {
    /**
     * From a position, or with the latest events that match, to where the feed is.
     * The reply's position may be ahead of its last event: what lies between does not match.
     */
    async start(
      feed: LogFeed,
      matches: (event: LoggedEnvelope) => boolean,
      after: Position | undefined,
      limit: number,
    ): Promise<CatchUp> {
      const page = new FilteredPage(limit, matches);
      const lostReason = after && lossOf(after, await log.bounds(feed.name));
      if (!after || lostReason) {
        const lost = lostReason ? { recovered: false, lostReason } : {};
        const cursor = await latest(feed, page);
        return { reachesLive: true, finish: () => ({ ...finishLatest(feed, page, cursor), ...lost }) };
      }
      // The client was served by an instance that is ahead of this one.
      await feed.reach(after.offset);
      const { cursor, isWhole } = await forward(feed, page, after);
      return { reachesLive: isWhole, finish: () => finishForward(feed, page, cursor, isWhole) };
    },
  };
}

export type FilteredCatchUp = ReturnType<typeof createFilteredCatchUp>;

/** What the feed has delivered since the cursor, or `undefined` when that is longer ago than it remembers. */
function sinceCursor(feed: LogFeed, cursor: Position): LoggedEnvelope[] | undefined {
  return cursor.epoch === feed.head.epoch ? feed.since(cursor.offset) : undefined;
}

function finishLatest(feed: LogFeed, page: FilteredPage, cursor: Position): Resumed {
  const since = sinceCursor(feed, cursor);
  if (!since) return { joined: false, position: cursor, events: page.events, hasMore: true };
  for (const event of since) page.push(event);
  return { joined: true, position: feed.head, events: page.events, hasMore: false };
}

function finishForward(feed: LogFeed, page: FilteredPage, cursor: Position, isWhole: boolean): Resumed {
  const since = isWhole ? sinceCursor(feed, cursor) : undefined;
  let position = cursor;
  for (const event of since ?? []) {
    if (!page.append(event)) break;
    position = event.position;
  }
  const joined = since !== undefined && position.offset === feed.head.offset;
  return { joined, position, events: page.events, hasMore: !joined, recovered: true };
}
