import type { ErrorCode } from "./error-code.ts";
import { type ReplyError, replyError } from "./reply.ts";

/** An expected failure: answers one command, and the connection goes on. Anything else that is thrown is a bug. */
export class Rejection extends Error {
  override readonly name = "Rejection";
  readonly error: ReplyError;

  constructor(code: ErrorCode, message: string, details?: unknown) {
    super(message);
    this.error = replyError(code, message, details);
  }
}

/** The error code of any thrown value: `internal`, unless it is a rejection. */
export const codeOf = (error: unknown): ErrorCode => (error instanceof Rejection ? error.error.code : "internal");
