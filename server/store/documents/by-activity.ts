import { cursorAfter, placeIn } from "../cursor.ts";

/** Where a document stands in the lists that it is in. */
export interface ListEntry {
  id: string;
  /** Its latest activity, in ms. */
  at: number;
}

/**
 * What comes after the page that `cursor` ends, latest activity first; the id decides between equals, so that a page's
 * end is never ambiguous. Throws `Rejection("invalid_payload")` for a cursor that is none of {@link activityCursor}.
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

/** The cursor after the first `taken` of them. */
export const activityCursor = (rest: readonly ListEntry[], taken: number) =>
  cursorAfter(rest, taken, ({ at, id }) => [at, id]);

const compare = (a: ListEntry, b: ListEntry) => b.at - a.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
