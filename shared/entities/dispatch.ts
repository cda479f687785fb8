import { z } from "zod";
import { AgentId, ConversationId, MessageId, TaskId } from "../ids.ts";
import { JsonObject, Timestamp } from "../json.ts";
import { limits } from "../limits.ts";
import { Capability } from "./capability.ts";

export const DispatchStatus = z
  .enum(["queued", "dispatched", "running", "completed", "failed", "cancelled", "lost"])
  .meta({
    id: "DispatchStatus",
    description:
      "`queued → dispatched → running → completed | failed | cancelled | lost`. An attempt that is lost may lead back to `queued`.",
  });
export type DispatchStatus = z.infer<typeof DispatchStatus>;

export const AttemptNumber = z.int().min(1).max(limits.attemptsMax);

export const Attempt = z.strictObject({ messageId: MessageId, attempt: AttemptNumber }).meta({
  id: "Attempt",
  description: "One try at a dispatch by one agent, counted from 1. Only the newest attempt can complete the dispatch.",
});
export type Attempt = z.infer<typeof Attempt>;

/** What an agent is asked to do; the request, the message to the agent and the event share it. */
export const workFields = {
  content: z.string().min(1).max(limits.dispatchLength),
  sessionId: ConversationId.describe("The conversation in which deltas and the result appear as well.").optional(),
  taskId: TaskId.describe("The task whose status follows the dispatch.").optional(),
};

/** What an agent says while it works. */
export const progressFields = {
  status: z.string().min(1).max(limits.nameLength).describe("The agent's own word for what it is doing."),
  progressText: z.string().max(limits.textLength).optional(),
  percent: z.number().min(0).max(100).optional(),
  delta: z.string().min(1).max(limits.deltaLength).describe("The next part of the answer.").optional(),
  metadata: JsonObject.optional(),
};

export const Progress = z.strictObject(progressFields);
export type Progress = z.infer<typeof Progress>;

export const DispatchError = z.string().min(1).max(limits.textLength);

/** What an agent ends with. */
export const outcomeFields = {
  content: z.string().max(limits.responseLength).optional(),
  usage: JsonObject.optional(),
  error: DispatchError.describe("With it the dispatch has failed.").optional(),
};

export const Outcome = z
  .strictObject(outcomeFields)
  .meta({ id: "Outcome", description: "The end of a dispatch. With `error` it has failed." });
export type Outcome = z.infer<typeof Outcome>;

export const Dispatch = z
  .strictObject({
    messageId: MessageId,
    status: DispatchStatus,
    agentId: AgentId.optional().describe("The agent that was addressed by name, or the one that has the dispatch now."),
    capability: Capability.optional().describe("What an agent must be able to do, where none was addressed by name."),
    ...workFields,
    context: JsonObject,
    attempt: z.int().min(0).max(limits.attemptsMax).describe("0 until the dispatch is sent to an agent."),
    maxAttempts: AttemptNumber,
    createdAt: Timestamp,
    updatedAt: Timestamp,
    deadline: Timestamp.describe("After it the dispatch is `lost`, whichever agent has it."),
    outcome: Outcome.optional().describe("Present once the status is `completed`, `failed`, `cancelled` or `lost`."),
  })
  .meta({ id: "Dispatch", description: "A piece of work for an agent." });
export type Dispatch = z.infer<typeof Dispatch>;
