import { Rejection } from "../../../shared/rejection.ts";
import { pause } from "../../runtime/pause.ts";
import type { DocumentKind, Documents, PutOptions } from "./documents.ts";

interface DocumentUpdate<T> extends PutOptions {
  value: T;
}

/** Real contention never causes so many conflicts in a row; only a bug does. */
const maxConflicts = 50;
const longestPauseMs = 16;

/**
 * Changes a document by compare-and-set: reads it, calls `decide` for the new value (`undefined`: leave it unchanged),
 * writes that, and starts again after a conflict with another writer. `decide` is called once per attempt, with
 * `undefined` if the document does not exist. If it throws, nothing is written and the error is passed on.
 * Resolves with the last decision. Rejects with `unavailable` after 50 conflicts, or when the store is unreachable.
 */
export async function updateDocument<T, Decision extends DocumentUpdate<T> | undefined>(
  documents: Documents,
  kind: DocumentKind,
  id: string,
  decide: (before: T | undefined) => Decision,
): Promise<Decision> {
  for (let conflicts = 0; conflicts < maxConflicts; conflicts++) {
    // A random pause, so that the same writers do not conflict again.
    if (conflicts > 0) await pause(Math.random() * Math.min(longestPauseMs, 2 ** conflicts));
    const before = await documents.get<T>(kind, id);
    const decided = decide(before?.value);
    if (decided === undefined) return decided;
    const { value, ...options }: DocumentUpdate<T> = decided;
    if (await documents.put(kind, id, value, before?.version ?? 0, options)) return decided;
  }
  throw new Rejection("unavailable", `The ${kind} is changed by too many at once. Try again.`);
}
