import { keysEnum } from "./keys-enum.ts";

interface ErrorCodeEntry {
  /** The `title` of the HTTP problem. */
  meaning: string;
  /** The same request may succeed later. */
  retryable: boolean;
  httpStatus: number;
  /** The shape of `details`, where the code has some. */
  details?: string;
  /** What the meaning leaves open. */
  note?: string;
}

/** Why a command, a request or a connection is refused. Source: protocol section 4. */
export const errorCodes = {
  unauthenticated: { meaning: "no token, or one that does not verify", retryable: false, httpStatus: 401 },
  token_expired: {
    meaning: "verify failed on exp only",
    retryable: false,
    httpStatus: 401,
    note: "The client needs a new token.",
  },
  forbidden: { meaning: "known, but not allowed", retryable: false, httpStatus: 403 },
  invalid_payload: {
    meaning: "the payload does not match its schema",
    retryable: false,
    httpStatus: 400,
    details: "[{ path, message }]",
    note: "`path` is dotted, and empty for the payload itself.",
  },
  unknown_command: { meaning: "no such command in this namespace", retryable: false, httpStatus: 404 },
  not_found: { meaning: "no such room, task, agent, dispatch …", retryable: false, httpStatus: 404 },
  conflict: { meaning: "already exists, or the state does not allow it", retryable: false, httpStatus: 409 },
  too_large: { meaning: "over a size limit", retryable: false, httpStatus: 413 },
  limit_exceeded: { meaning: "over a count limit", retryable: false, httpStatus: 422 },
  rate_limited: {
    meaning: "too many commands; see details.retryAfterMs",
    retryable: true,
    httpStatus: 429,
    details: "{ retryAfterMs }",
  },
  agent_offline: {
    meaning: "the agent is not connected and queueing was not asked for",
    retryable: true,
    httpStatus: 503,
  },
  timeout: { meaning: "no answer from the other side in time", retryable: true, httpStatus: 504 },
  unavailable: {
    meaning: "the store is out of reach, or the server is draining",
    retryable: true,
    httpStatus: 503,
    note: "Nothing was accepted.",
  },
  internal: {
    meaning: "a bug; details.errorId is in the log",
    retryable: true,
    httpStatus: 500,
    details: "{ errorId }",
  },
} as const satisfies Record<string, ErrorCodeEntry>;

export const ErrorCode = keysEnum(errorCodes).meta({ id: "ErrorCode", description: "Why a request is refused." });
export type ErrorCode = keyof typeof errorCodes;
