import { type ErrorCode, errorCodes } from "../error-code.ts";
import type { ReplyError } from "../reply.ts";

/** An error as HTTP answers it: `application/problem+json`, RFC 9457. */
export interface Problem {
  type: `urn:signalbox:error:${ErrorCode}`;
  /** What the code means, always the same. */
  title: string;
  status: number;
  /** What is wrong this time. */
  detail: string;
  code: ErrorCode;
  retryable: boolean;
  details?: unknown;
  /** The path that was asked for. */
  instance?: string;
}

export function problemOf(error: ReplyError, instance?: string): Problem {
  const { meaning, httpStatus } = errorCodes[error.code];
  return {
    type: `urn:signalbox:error:${error.code}`,
    title: meaning,
    status: httpStatus,
    detail: error.message,
    code: error.code,
    retryable: error.retryable,
    ...(error.details === undefined ? {} : { details: error.details }),
    ...(instance === undefined ? {} : { instance }),
  };
}
