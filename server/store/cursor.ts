import { Rejection } from "../../shared/rejection.ts";

/** What a cursor consists of: texts, which are not empty, and numbers, which are whole and not negative. */
interface Parts {
  text: string;
  number: number;
}

/** The cursor of the page after the first `taken` items, or `null` if there are no more. */
export function cursorAfter<T>(left: readonly T[], taken: number, placeOf: (last: T) => (string | number)[]) {
  const last = left[taken - 1];
  if (last === undefined || taken >= left.length) return null;
  return Buffer.from(JSON.stringify(placeOf(last))).toString("base64url");
}

/**
 * Reads a cursor: the values that were given to {@link cursorAfter}, or none for the first page.
 * Throws `Rejection("invalid_payload")` for a cursor that a list of this kind cannot have returned.
 */
export function placeIn<const Kinds extends readonly (keyof Parts)[]>(cursor: string | undefined, kinds: Kinds) {
  if (cursor === undefined) return [];
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (isPlace(place, kinds)) return place;
  } catch {
    // Not JSON: rejected below.
  }
  throw new Rejection("invalid_payload", "The cursor is not one that this list gave.", [
    { path: "cursor", message: "must be the nextCursor of the page before" },
  ]);
}

type Place<Kinds extends readonly (keyof Parts)[]> = { [At in keyof Kinds]: Parts[Kinds[At]] };

function isPlace<Kinds extends readonly (keyof Parts)[]>(place: unknown, kinds: Kinds): place is Place<Kinds> {
  const isPart = (kind: keyof Parts, part: unknown) =>
    kind === "number" ? Number.isSafeInteger(part) && Number(part) >= 0 : typeof part === "string" && part !== "";
  return Array.isArray(place) && place.length === kinds.length && kinds.every((kind, at) => isPart(kind, place[at]));
}
