import { z } from "zod";
import { agentFields, Concurrency } from "../entities/agent.ts";
import { Attempt, outcomeFields, progressFields } from "../entities/dispatch.ts";
import { agentCompleted, agentHandoff, agentStarted, toolExecuted } from "../events/agent-events.ts";
import { AgentId, MessageId } from "../ids.ts";
import { limits } from "../limits.ts";
import { defineCommand } from "./define-command.ts";
import { Nothing } from "./fields.ts";

const Attempts = z.array(Attempt).max(limits.inFlight);

/** Dispatches that the agent should drop. */
const toCancel = z.array(MessageId);

/** The first command of an agent's connection. */
export const registerAgent = defineCommand({
  name: "register",
  payload: z.strictObject({
    ...agentFields,
    concurrency: Concurrency.default(1),
    /** What the agent still works on, from before it was cut off. */
    inFlight: Attempts.optional(),
  }),
  reply: z.strictObject({
    agentId: AgentId,
    leaseMs: z.int().min(1),
    heartbeatIntervalMs: z.int().min(1),
    /** What of `inFlight` it goes on with. */
    resume: Attempts,
    cancel: toCancel,
  }),
  orderedBy: ({ agentId }) => agentId,
});

/** Renews the lease of each dispatch that it names. */
export const sendHeartbeat = defineCommand({
  name: "heartbeat",
  payload: z.strictObject({ agentId: AgentId, dispatches: Attempts.optional() }),
  reply: z.strictObject({ agentId: AgentId, dispatches: Attempts.optional(), cancel: toCancel }),
  orderedBy: ({ agentId }) => agentId,
});

/** Renews the dispatch's lease. */
export const sendProgress = defineCommand({
  name: "progress",
  payload: z.strictObject({ ...Attempt.shape, ...progressFields }),
  reply: z.strictObject({ cancel: z.boolean() }),
  orderedBy: ({ messageId }) => messageId,
});

/** Ends a dispatch. That of an attempt which is not the newest, or came second, is not accepted. */
export const sendResponse = defineCommand({
  name: "response",
  payload: z.strictObject({ ...Attempt.shape, ...outcomeFields }),
  messageBytes: limits.resultBytes,
  reply: z.strictObject({ accepted: z.boolean() }),
  orderedBy: ({ messageId }) => messageId,
});

/** Publishes one of the events that agents tell of themselves, in the agent's room. */
export const reportActivity = defineCommand({
  name: "activity",
  payload: z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal(agentStarted.type), data: agentStarted.data }),
    z.strictObject({ type: z.literal(agentCompleted.type), data: agentCompleted.data }),
    z.strictObject({ type: z.literal(toolExecuted.type), data: toolExecuted.data }),
    z.strictObject({ type: z.literal(agentHandoff.type), data: agentHandoff.data }),
  ]),
  reply: Nothing,
  orderedBy: () => "activity",
});
