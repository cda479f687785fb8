import { Rejection } from "../../../shared/rejection.ts";

/** Where a page of a list ended: the activity and the id of its last document. */
export interface ListCursor {
  at: number;
  id: string;
}

export function encodeCursor({ at, id }: ListCursor): string {
  return Buffer.from(`${at}/${id}`).toString("base64url");
}

/** Throws `Rejection("invalid_payload")` for anything that {@link encodeCursor} did not make. */
export function decodeCursor(cursor: string): ListCursor {
  const match = /^(\d{1,16})\/(.+)$/s.exec(Buffer.from(cursor, "base64url").toString());
  if (!match?.[1] || !match[2]) {
    throw new Rejection("invalid_payload", "The cursor is not one that this list gave.", [
      { path: "cursor", message: "must be the nextCursor of the page before" },
    ]);
  }
  return { at: Number(match[1]), id: match[2] };
}

/** Latest activity first; the id decides between equals, so that a page boundary is never ambiguous. */
export function compareByActivity(a: ListCursor, b: ListCursor): number {
  return b.at - a.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
