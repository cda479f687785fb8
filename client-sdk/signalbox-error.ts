import type { ErrorCode } from "../shared/error-code.ts";
import type { ReplyError } from "../shared/reply.ts";

/**
 * Outcome of a failed command. `rejected`: the server refused it, and it had no effect; `not_sent`: it never left the
 * client; `unknown`: the connection ended before the reply, so it may have taken effect.
 */
export type Outcome = "rejected" | "not_sent" | "unknown";

/** Error of a command or of a client. */
export class SignalboxError extends Error {
  override readonly name = "SignalboxError";
  readonly code: ErrorCode;
  /** Whether the same command may succeed later. */
  readonly retryable: boolean;
  /** Details by code, such as the list of faults of `invalid_payload`. */
  readonly details: unknown;
  readonly outcome: Outcome;

  constructor({ code, message, retryable, details }: ReplyError, outcome: Outcome = "rejected") {
    super(message);
    this.code = code;
    this.retryable = retryable;
    this.details = details;
    this.outcome = outcome;
  }
}
