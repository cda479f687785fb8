import { z } from "zod";
import { Attempt, workFields } from "./entities/dispatch.ts";
import { MessageId } from "./ids.ts";
import { JsonObject, Timestamp } from "./json.ts";
import { limits } from "./limits.ts";

/** `dispatch`: the server asks an agent to do something. */
export const DispatchMessage = z.strictObject({
  ...Attempt.shape,
  ...workFields,
  context: JsonObject,
  deadline: Timestamp,
});
export type DispatchMessage = z.infer<typeof DispatchMessage>;

/** The agent's acknowledgement of {@link DispatchMessage}, within 5 s. */
export const DispatchAcceptance = z.strictObject({ accepted: z.boolean() });
export type DispatchAcceptance = z.infer<typeof DispatchAcceptance>;

/** `cancel`: the agent should drop a dispatch, or the producer of a streamed response the response of that id. */
export const CancelMessage = z.strictObject({ messageId: MessageId, reason: z.string().max(limits.reasonLength) });
export type CancelMessage = z.infer<typeof CancelMessage>;
