import { Rejection } from "../../../shared/rejection.ts";
import { withTimeout } from "../../runtime/with-timeout.ts";

/** How long a command may take in all; the contract says that `unavailable` is answered within 2 s. */
export const commandTimeoutMs = 1_500;

/**
 * It takes nothing from this client, and will not in a moment either: out of memory, a replica, a full disk, a password or
 * a permission that was changed, a node of a cluster. Nothing was changed.
 */
const refusing = /^(OOM|READONLY|MISCONF|NOREPLICAS|EXECABORT|NOAUTH|WRONGPASS|NOPERM|MOVED|ASK|CROSSSLOT) /;
/** The same as a script says it, in one of several versions of Redis. */
const refusingScript: readonly (readonly [pattern: RegExp, kind: string])[] = [
  [/\bOOM command not allowed\b/, "OOM"],
  [/^ERR The user executing the script can't |\bACL failure in script\b/, "NOPERM"],
  [/\bScript attempted to access a non local key in a cluster node\b/, "MOVED"],
];
/** It takes nothing at this moment: loading, or busy with something else. Nothing was changed. */
const passing = /^(?:LOADING|BUSY|MASTERDOWN|TRYAGAIN|CLUSTERDOWN) /;
const late = /^LATE /;

/** Of several addresses that were tried, each has failed for a reason of its own, and the whole has none. */
export function messageOf(error: unknown): string {
  const { message, errors = [] } = error as { message?: string; errors?: unknown[] };
  return message || errors.map(messageOf).join("; ") || String(error);
}

/** The first word of an answer with which Redis refuses to do anything for this client, such as `NOPERM`. */
export function refusalKindOf(error: unknown): string | undefined {
  const message = messageOf(error);
  return refusing.exec(message)?.[1] ?? refusingScript.find(([pattern]) => pattern.test(message))?.[1];
}

/** Redis is reading its data from disk. */
export const isLoading = (error: unknown) => error !== undefined && /^LOADING /.test(messageOf(error));

/** What the caller is told, when trying again is of no use; `undefined` for what may pass, and for no answer at all. */
export function refusalOf(error: unknown): unknown {
  if (refusalKindOf(error)) return new Rejection("unavailable", "The store takes nothing now. Try again.");
  const message = messageOf(error);
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
