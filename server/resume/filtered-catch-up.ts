import type { LoggedEnvelope } from "../../shared/envelope.ts";
import type { Position } from "../../shared/position.ts";
import type { LogTail } from "../deliver/log-tail.ts";
import type { EventLog } from "../store/log/event-log.ts";
import { FilteredPage } from "./filtered-page.ts";
import { type CatchUp, startCatchUp } from "./start-catch-up.ts";

/** Events per read. All of them are parsed in one go, so this bounds how long the event loop is busy. */
const readPage = 500;
/** Events that one request examines forwards from its position. The client continues from the position in the reply. */
const scannedForwardsMax = 2_000;
/** Events that one request examines backwards. It cannot be continued; this is the default length of a log. */
const scannedBackwardsMax = 10_000;

/** Catch-up in a log that many topics share: only the events that match a filter are returned. */
export function createFilteredCatchUp({ log }: { log: Pick<EventLog, "bounds" | "read" | "readBack"> }) {
  async function fillBack(tail: LogTail, page: FilteredPage, head: Position): Promise<void> {
    let before: number | undefined = head.offset + 1;
    for (let left = scannedBackwardsMax; left > 0 && before !== undefined; left -= readPage) {
      const { events } = await log.readBack(tail.name, before, readPage);
      for (const event of events.toReversed()) if (!page.prepend(event)) return;
      before = events.length < readPage ? undefined : events[0]?.position.offset;
    }
  }

  return {
    /**
     * Brings a client from its position, or from the latest matching events, to the head of the tail.
     * The position in the reply may be later than its last event: the events between them do not match.
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
        scannedMax: scannedForwardsMax,
        fillLatest: (head) => fillBack(tail, page, head),
      });
    },
  };
}

export type FilteredCatchUp = ReturnType<typeof createFilteredCatchUp>;
