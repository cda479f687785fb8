import { Rejection } from "../../../shared/rejection.ts";
import { pause } from "../../runtime/pause.ts";
import type { DocumentKind, Documents, PutOptions } from "./documents.ts";

export interface DocumentUpdate<T> extends PutOptions {
  value: T;
}

/** A writer that loses so often is not racing, it is broken. */
const maxConflicts = 50;
const longestPauseMs = 16;

/**
 * Changes a document by compare-and-set: reads it, asks `decide` what it is to be (`undefined`: as it is), writes that,
 * and begins again when another writer was faster. `decide` is called once per attempt, with `undefined` where there is
 * no document; what it throws is thrown here, and nothing is written.
 * Resolves with what was decided last. Rejects with `unavailable` after 50 conflicts, or when the store is out of reach.
 */
export async function updateDocument<T, Decision extends DocumentUpdate<T> | undefined>(
  documents: Documents,
  kind: DocumentKind,
  id: string,
  decide: (before: T | undefined) => Decision,
): Promise<Decision> {
  for (let conflicts = 0; conflicts < maxConflicts; conflicts++) {
    // Writers must not meet again in step.
    if (conflicts > 0) await pause(Math.random() * Math.min(longestPauseMs, 2 ** conflicts));
    const before = await documents.get<T>(kind, id);
    const decided = decide(before?.value);
    if (decided === undefined) return decided;
    const { value, ...options }: DocumentUpdate<T> = decided;
    if (await documents.put(kind, id, value, before?.version ?? 0, options)) return decided;
  }
  throw new Rejection("unavailable", `The ${kind} is changed by too many at once. Try again.`);
}
