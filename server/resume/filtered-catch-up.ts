import type { LoggedEnvelope } from "../../shared/envelope.ts";
import type { Position } from "../../shared/position.ts";
import type { LogTail } from "../deliver/log-tail.ts";
import type { EventLog } from "../store/log/event-log.ts";
import { FilteredPage } from "./filtered-page.ts";
import { type CatchUp, startCatchUp } from "./start-catch-up.ts";

/** Events that are looked through at a time: so much is parsed in one go. */
const readPage = 500;
/** Events that one request looks through: a client with a position is told how far it got, and goes on from there. */
export const scannedAhead = 2_000;
/** The same backwards, where there is no going on; so much is a log of the usual size. */
export const scannedBack = 10_000;

/** The catch-up of a log that many topics share: of its events, those that match. */
export function createFilteredCatchUp({ log }: { log: Pick<EventLog, "bounds" | "read" | "readBack"> }) {
  async function fillBack(tail: LogTail, page: FilteredPage, head: Position): Promise<void> {
    let before: number | undefined = head.offset + 1;
    for (let left = scannedBack; left > 0 && before !== undefined; left -= readPage) {
      const { events } = await log.readBack(tail.name, before, readPage);
      for (const event of events.toReversed()) if (!page.prepend(event)) return;
      before = events.length < readPage ? undefined : events[0]?.position.offset;
    }
  }

  return {
    /**
     * From a position, or with the latest events that match, to where the tail is.
     * The reply's position may be ahead of its last event: what lies between does not match.
     */
    start(
      tail: LogTail,
      matches: (event: LoggedEnvelope) => boolean,
      after: Position | undefined,
      limit: number,
    ): Promise<CatchUp> {
      const page = new FilteredPage(limit, matches);
      return startCatchUp(log, tail, after, {
        page,
        readAtOnce: readPage,
        scannedMax: scannedAhead,
        fillLatest: (head) => fillBack(tail, page, head),
      });
    },
  };
}

export type FilteredCatchUp = ReturnType<typeof createFilteredCatchUp>;
