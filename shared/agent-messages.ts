import { z } from "zod";
import { Attempt, workFields } from "./entities/dispatch.ts";
import { MessageId } from "./ids.ts";
import { JsonObject, Timestamp } from "./json.ts";
import { limits } from "./limits.ts";

/** `dispatch` */
export const DispatchMessage = z
  .strictObject({
    ...Attempt.shape,
    ...workFields,
    context: JsonObject,
    deadline: Timestamp,
  })
  .describe("Work for the agent.");
export type DispatchMessage = z.infer<typeof DispatchMessage>;

/** The agent's acknowledgement of {@link DispatchMessage}, within 5 s. */
export const DispatchAcceptance = z.strictObject({ accepted: z.boolean() });
export type DispatchAcceptance = z.infer<typeof DispatchAcceptance>;

/** `cancel` */
export const CancelMessage = z
  .strictObject({
    messageId: MessageId.describe("The id of a dispatch, or the `responseId` of a streamed response."),
    reason: z.string().max(limits.reasonLength),
  })
  .describe("The agent must drop a dispatch; in `/chat`, the producer of a streamed response must stop.");
export type CancelMessage = z.infer<typeof CancelMessage>;
