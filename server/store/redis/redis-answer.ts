import { Rejection } from "../../../shared/rejection.ts";
import { withTimeout } from "../../runtime/with-timeout.ts";

/** How long a command may take in all; the contract says that `unavailable` is answered within 2 s. */
export const commandTimeoutMs = 1_500;

/** It takes nothing, and will not in a moment either: out of memory, a replica, a disk that is full. Nothing was changed. */
const refusing = /^(?:OOM|READONLY|MISCONF|NOREPLICAS|EXECABORT) |\bOOM command not allowed\b/;
/** It takes nothing at this moment: loading, or busy with something else. Nothing was changed. */
const passing = /^(?:LOADING|BUSY|MASTERDOWN|TRYAGAIN|CLUSTERDOWN) /;
const late = /^LATE /;

/** Of several addresses that were tried, each has failed for a reason of its own, and the whole has none. */
export function messageOf(error: unknown): string {
  const { message, errors = [] } = error as { message?: string; errors?: unknown[] };
  return message || errors.map(messageOf).join("; ") || String(error);
}

/** What the caller is told, when trying again is of no use; `undefined` for what may pass, and for no answer at all. */
export function refusalOf(error: unknown): unknown {
  const message = messageOf(error);
  if (refusing.test(message)) return new Rejection("unavailable", "The store takes nothing now. Try again.");
  const isAnswer = /^[A-Z]+ /.test(message) && !passing.test(message) && !late.test(message);
  return isAnswer ? error : undefined;
}

/** The server is a copy of another one now, which takes what this one does not. */
export const isReplica = (error: unknown) => /^READONLY /.test(messageOf(error));

/** Redis was asked to do it by a time that had passed. */
export const isLate = (error: unknown) => late.test(messageOf(error));

export const isPassing = (error: unknown) => passing.test(messageOf(error));

export const unreachable = () => new Rejection("unavailable", "The store is out of reach. Try again.");

/** Rejects with `unavailable` when something does not come about in the time that a command has. */
export function withCommandTimeout<T>(promise: Promise<T>): Promise<T> {
  return withTimeout(promise, commandTimeoutMs).catch(() => {
    throw unreachable();
  });
}
