import { createHash } from "node:crypto";
import type { UserId } from "../../shared/ids.ts";
import { Rejection } from "../../shared/rejection.ts";
import type { Sender } from "../../shared/sender.ts";
import { dedupeWindowMs } from "../store/log/event-log.ts";

/** Identifies the request that created a document, so that a repetition is recognised. */
export interface RequestFingerprint {
  by: UserId;
  /** Milliseconds since 1970. */
  at: number;
  /** Hash of the fields of the request. */
  hash: string;
}

export function fingerprintOf(asked: unknown, { userId }: Sender, now: number): RequestFingerprint {
  return { by: userId, at: now, hash: createHash("sha256").update(JSON.stringify(asked)).digest("base64url") };
}

/**
 * Whether a request repeats the earlier one: the same fields and sender, within the time for which idempotency keys are
 * kept. Throws `Rejection("conflict")` for another request with the same id.
 */
export function isRepeated(before: RequestFingerprint | undefined, now: RequestFingerprint, what: string): boolean {
  if (!before) return false;
  if (before.by === now.by && before.hash === now.hash && now.at < before.at + dedupeWindowMs) return true;
  throw new Rejection("conflict", `There is ${what} already.`);
}
