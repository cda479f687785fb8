import { Rejection } from "../../../shared/rejection.ts";
import { withTimeout } from "../../runtime/with-timeout.ts";

/** How long a command may take, retries included: the protocol promises the reply `unavailable` within 2 s. */
export const commandTimeoutMs = 1_500;

/**
 * Redis refuses commands of this client for a reason that lasts: out of memory, a replica, a full disk, a changed
 * password or permission, a node of a cluster. Nothing was changed.
 */
const refusing = /^(OOM|READONLY|MISCONF|NOREPLICAS|EXECABORT|NOAUTH|WRONGPASS|NOPERM|MOVED|ASK|CROSSSLOT) /;
/** The same refusals in the error of a script, in the wording of several versions of Redis. */
const refusingScript: readonly (readonly [pattern: RegExp, kind: string])[] = [
  [/\bOOM command not allowed\b/, "OOM"],
  [/^ERR The user executing the script can't |\bACL failure in script\b/, "NOPERM"],
  [/\bScript attempted to access a non local key in a cluster node\b/, "MOVED"],
];
/** Redis refuses commands for a moment: it is loading its data, or busy. Nothing was changed. */
const passing = /^(?:LOADING|BUSY|MASTERDOWN|TRYAGAIN|CLUSTERDOWN) /;
const late = /^LATE /;

/** The message of an error. An `AggregateError` for several addresses has none itself, only its `errors` have. */
export function messageOf(error: unknown): string {
  const { message, errors = [] } = error as { message?: string; errors?: unknown[] };
  return message || errors.map(messageOf).join("; ") || String(error);
}

/** The error code with which Redis refuses commands for a reason that lasts, such as `NOPERM`. */
export function refusalKindOf(error: unknown): string | undefined {
  const message = messageOf(error);
  return refusing.exec(message)?.[1] ?? refusingScript.find(([pattern]) => pattern.test(message))?.[1];
}

/** Redis is reading its data from disk. */
export const isLoading = (error: unknown) => error !== undefined && /^LOADING /.test(messageOf(error));

/** The error for the caller if a retry is useless; `undefined` for a temporary refusal and for a lost connection. */
export function refusalOf(error: unknown): unknown {
  if (refusalKindOf(error)) return new Rejection("unavailable", "The store takes nothing now. Try again.");
  const message = messageOf(error);
  const isAnswer = /^[A-Z]+ /.test(message) && !passing.test(message) && !late.test(message);
  return isAnswer ? error : undefined;
}

/** The server has become a replica: another server is the primary now. */
export const isReplica = (error: unknown) => /^READONLY /.test(messageOf(error));

/** A script refused to run because its caller had already given up. */
export const isLate = (error: unknown) => late.test(messageOf(error));

export const isPassing = (error: unknown) => passing.test(messageOf(error));

export const unreachable = () => new Rejection("unavailable", "The store is out of reach. Try again.");

/** Rejects with `unavailable` if the promise is not settled within the time limit of a command. */
export function withCommandTimeout<T>(promise: Promise<T>): Promise<T> {
  return withTimeout(promise, commandTimeoutMs).catch(() => {
    throw unreachable();
  });
}
