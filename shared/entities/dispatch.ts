import { z } from "zod";
import { AgentId, ConversationId, MessageId, TaskId } from "../ids.ts";
import { JsonObject, Timestamp } from "../json.ts";
import { limits } from "../limits.ts";
import { Capability } from "./capability.ts";

/** `queued → dispatched → running → completed | failed | cancelled | lost`; an attempt that is lost may lead back to `queued`. */
export const DispatchStatus = z.enum(["queued", "dispatched", "running", "completed", "failed", "cancelled", "lost"]);
export type DispatchStatus = z.infer<typeof DispatchStatus>;

/** Counts from 1. Only the newest attempt can complete a dispatch. */
export const AttemptNumber = z.int().min(1).max(limits.attemptsMax);

/** One try at a dispatch by one agent. */
export const Attempt = z.strictObject({ messageId: MessageId, attempt: AttemptNumber });
export type Attempt = z.infer<typeof Attempt>;

/** What an agent is asked to do; the request, the message to the agent and the event share it. */
export const workFields = {
  content: z.string().min(1).max(limits.dispatchLength),
  /** The conversation in which deltas and the result appear as well. */
  sessionId: ConversationId.optional(),
  /** The task whose status follows. */
  taskId: TaskId.optional(),
};

/** What an agent says while it works. */
export const progressFields = {
  /** The agent's own word for what it is doing. */
  status: z.string().min(1).max(limits.nameLength),
  progressText: z.string().max(limits.textLength).optional(),
  percent: z.number().min(0).max(100).optional(),
  /** The next part of the answer. */
  delta: z.string().min(1).max(limits.deltaLength).optional(),
  metadata: JsonObject.optional(),
};

export const Progress = z.strictObject(progressFields);
export type Progress = z.infer<typeof Progress>;

export const DispatchError = z.string().min(1).max(limits.textLength);

/** What an agent ends with. With `error` the dispatch has failed. */
export const outcomeFields = {
  content: z.string().max(limits.responseLength).optional(),
  usage: JsonObject.optional(),
  error: DispatchError.optional(),
};

export const Outcome = z.strictObject(outcomeFields);
export type Outcome = z.infer<typeof Outcome>;

/** A piece of work that was given to an agent, or waits for one. */
export const Dispatch = z.strictObject({
  messageId: MessageId,
  status: DispatchStatus,
  /** Whom it was addressed to by name, or who has it now. */
  agentId: AgentId.optional(),
  /** What an agent must be able to do, where it was not addressed by name. */
  capability: Capability.optional(),
  ...workFields,
  context: JsonObject,
  /** 0 as long as no agent was sent it. */
  attempt: z.int().min(0).max(limits.attemptsMax),
  maxAttempts: AttemptNumber,
  createdAt: Timestamp,
  updatedAt: Timestamp,
  /** After this it is lost, whoever has it. */
  deadline: Timestamp,
  /** There once the status is `completed`, `failed`, `cancelled` or `lost`. */
  outcome: Outcome.optional(),
});
export type Dispatch = z.infer<typeof Dispatch>;
