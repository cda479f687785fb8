import { type ReplyError, replyError } from "../../../shared/reply.ts";

/** The error for a message that exceeds the limit of its door. */
export const tooLarge = (bytes: number): ReplyError =>
  replyError("too_large", `The message is too large: ${bytes} bytes are allowed. The connection ends.`);
