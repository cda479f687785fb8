import { Rejection } from "../../shared/rejection.ts";

/** What a place in a list is told by: no text is empty, a number is a whole one from 0. */
interface Parts {
  text: string;
  number: number;
}

/** The cursor after the first `taken` of what is left of a list, or `null` when they are all of it. */
export function cursorAfter<T>(left: readonly T[], taken: number, placeOf: (last: T) => (string | number)[]) {
  const last = left[taken - 1];
  if (last === undefined || taken >= left.length) return null;
  return Buffer.from(JSON.stringify(placeOf(last))).toString("base64url");
}

/**
 * Where the page before ended: the place that {@link cursorAfter} was given. Nothing for the first page.
 * Throws `Rejection("invalid_payload")` for what is no place in a list of this kind.
 */
export function placeIn<const Kinds extends readonly (keyof Parts)[]>(cursor: string | undefined, kinds: Kinds) {
  if (cursor === undefined) return [];
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (isPlace(place, kinds)) return place;
  } catch {
    // Not ours either.
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
