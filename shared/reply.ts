import { z } from "zod";
import { ErrorCode, errorCodes } from "./error-code.ts";

/** One fault in a payload. `path` is dotted, empty for the payload itself. */
export interface PayloadFault {
  path: string;
  message: string;
}

export const ReplyError = z
  .strictObject({
    code: ErrorCode,
    message: z.string().describe("For people: what is wrong this time."),
    retryable: z.boolean().describe("Whether the same request may succeed later."),
    details: z.unknown().optional().describe("Depends on `code`; see the table of error codes."),
  })
  .meta({ id: "Error", description: "The error of a reply, of a `connect_error` and of an HTTP problem." });
export type ReplyError = z.infer<typeof ReplyError>;

/** Every command gets exactly one. */
export type Reply<Data> = { ok: true; data: Data } | { ok: false; error: ReplyError };

/** Without `details`, `invalid_payload` concerns the payload as a whole. */
export function replyError(
  code: ErrorCode,
  message: string,
  details: unknown = code === "invalid_payload" ? wholly(message) : undefined,
): ReplyError {
  return { code, message, retryable: errorCodes[code].retryable, ...(details === undefined ? {} : { details }) };
}

const wholly = (message: string): PayloadFault[] => [{ path: "", message }];
