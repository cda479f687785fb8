import type { ErrorRequestHandler } from "express";
import { ulid } from "ulid";
import type { ErrorCode } from "../../../shared/error-code.ts";
import { problemOf } from "../../../shared/http/problem.ts";
import { Rejection } from "../../../shared/rejection.ts";
import { type ReplyError, replyError } from "../../../shared/reply.ts";
import type { Logger } from "../../observe/logger.ts";

export interface ProblemHandlerDeps {
  logger: Logger;
}

export function refuse(code: ErrorCode, message: string): Rejection {
  return new Rejection(code, message);
}

/** When a client should repeat a retryable request whose error names no time of its own. */
const unavailableRetryMs = 1_000;

/** Responds with the error that a route threw, as `application/problem+json`. */
export function problemHandler({ logger }: ProblemHandlerDeps): ErrorRequestHandler {
  return (error, request, response, next) => {
    if (response.headersSent) return next(error);
    const problem = problemOf(toReplyError(error, logger), request.originalUrl.split("?", 1)[0]);
    const retryAfterMs = hasRetryAfter(problem.details) ? problem.details.retryAfterMs : unavailableRetryMs;
    if (problem.retryable) response.set("Retry-After", String(Math.ceil(retryAfterMs / 1000)));
    if (problem.status === 401) response.set("WWW-Authenticate", "Bearer");
    response.status(problem.status).type("application/problem+json").send(JSON.stringify(problem));
  };
}

function toReplyError(error: unknown, logger: Logger): ReplyError {
  if (error instanceof Rejection) return error.error;
  const { status, type } = error as { status?: number; type?: string };
  // Errors of the body parser, by their documented types.
  if (type === "entity.too.large") return replyError("too_large", "The body is too large.");
  if (type === "entity.parse.failed") return replyError("invalid_payload", "The body is not JSON.");
  if (status !== undefined && status >= 400 && status < 500)
    return replyError("invalid_payload", "The request cannot be read.");
  const errorId = ulid();
  logger.error("request failed", { errorId, error });
  return replyError("internal", "The server failed to answer this request. Its log has the reason under this id.", {
    errorId,
  });
}

function hasRetryAfter(details: unknown): details is { retryAfterMs: number } {
  return typeof details === "object" && details !== null && "retryAfterMs" in details;
}
