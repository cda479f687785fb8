import type { ErrorCode } from "../shared/error-code.ts";
import type { ReplyError } from "../shared/reply.ts";

/**
 * What has become of a command that was not answered well: the server `rejected` it and nothing happened; it was
 * `not_sent` at all; or the connection ended between the two, and whether it happened is `unknown`.
 */
export type Outcome = "rejected" | "not_sent" | "unknown";

/** What a command, or a client, has failed with. */
export class SignalboxError extends Error {
  override readonly name = "SignalboxError";
  readonly code: ErrorCode;
  /** Whether the same may do well later. */
  readonly retryable: boolean;
  /** Such as the list of faults of `invalid_payload`. */
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
