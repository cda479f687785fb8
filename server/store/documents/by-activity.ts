import { cursorAfter, placeIn } from "../cursor.ts";

/** The sort key of a document in a list. */
interface ListEntry {
  id: string;
  /** The time of the latest activity, in milliseconds since 1970. */
  at: number;
}

/**
 * The entries after the page that ended at `cursor`, latest activity first. Entries with the same time are sorted by
 * id, so that the end of a page is unambiguous. Throws `Rejection("invalid_payload")` for an invalid cursor.
 */
export function restByActivity<Entry extends ListEntry>(
  entries: readonly Entry[],
  cursor: string | undefined,
): Entry[] {
  const [at, id] = placeIn(cursor, ["number", "text"]);
  const rest =
    at === undefined || id === undefined ? [...entries] : entries.filter((entry) => compare({ at, id }, entry) < 0);
  return rest.sort(compare);
}

/** The cursor of the page after the first `taken` entries. */
export const activityCursor = (rest: readonly ListEntry[], taken: number) =>
  cursorAfter(rest, taken, ({ at, id }) => [at, id]);

const compare = (a: ListEntry, b: ListEntry) => b.at - a.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
