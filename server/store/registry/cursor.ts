import { Rejection } from "../../../shared/rejection.ts";

/** Where a page ended, as an opaque text. */
export function encodeCursor(...parts: string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

/** Throws `Rejection("invalid_payload")` for what is not so many parts as {@link encodeCursor} has put together. */
export function decodeCursor(cursor: string, count: number): string[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (Array.isArray(parts) && parts.length === count && parts.every(isText)) return parts;
  } catch {
    // Not ours either.
  }
  throw new Rejection("invalid_payload", "The cursor is not one that this list gave.", [
    { path: "cursor", message: "must be the nextCursor of the page before" },
  ]);
}

const isText = (part: unknown): part is string => typeof part === "string";
