import { z } from "zod";
import { agentFields, Concurrency } from "../entities/agent.ts";
import { Attempt, outcomeFields, progressFields } from "../entities/dispatch.ts";
import { agentCompleted, agentHandoff, agentStarted, toolExecuted } from "../events/agent-events.ts";
import { AgentId, MessageId } from "../ids.ts";
import { limits } from "../limits.ts";
import { defineCommand } from "./define-command.ts";
import { Nothing } from "./fields.ts";

const Attempts = z.array(Attempt).max(limits.inFlight);

const toCancel = z.array(MessageId).describe("Dispatches that the agent must drop.");

export const registerAgent = defineCommand({
  name: "register",
  description: "The first command of an agent's connection.",
  payload: z.strictObject({
    ...agentFields,
    concurrency: Concurrency.default(1),
    inFlight: Attempts.optional().describe(
      "What the agent still works on, from before it lost its connection. Of what it had, the rest is sent again or lost; without the field all of it goes on.",
    ),
  }),
  reply: z.strictObject({
    agentId: AgentId,
    leaseMs: z.int().min(1),
    heartbeatIntervalMs: z.int().min(1),
    resume: Attempts.describe("The dispatches that the agent goes on with."),
    cancel: toCancel,
  }),
  orderedBy: ({ agentId }) => agentId,
});

export const sendHeartbeat = defineCommand({
  name: "heartbeat",
  description:
    "Renews the agent's lease, and that of each dispatch that it names; without `dispatches`, of all that the agent has.",
  payload: z.strictObject({ agentId: AgentId, dispatches: Attempts.optional() }),
  reply: z.strictObject({ agentId: AgentId, dispatches: Attempts.optional(), cancel: toCancel }),
  orderedBy: ({ agentId }) => agentId,
});

export const sendProgress = defineCommand({
  name: "progress",
  description: "Reports progress, and renews the lease of the dispatch.",
  payload: z.strictObject({ ...Attempt.shape, ...progressFields }),
  reply: z.strictObject({ cancel: z.boolean().describe("The attempt is over: the agent must drop it.") }),
  orderedBy: ({ messageId }) => messageId,
});

export const sendResponse = defineCommand({
  name: "response",
  description: "Ends a dispatch. The result may have 1 MiB.",
  payload: z.strictObject({ ...Attempt.shape, ...outcomeFields }),
  messageBytes: limits.resultBytes,
  reply: z.strictObject({
    accepted: z.boolean().describe("`false` for an attempt that is not the newest, and for a second response."),
  }),
  orderedBy: ({ messageId }) => messageId,
});

export const reportActivity = defineCommand({
  name: "activity",
  description: "Publishes an event about the agent in its room `agent:{id}`.",
  payload: z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal(agentStarted.type), data: agentStarted.data }),
    z.strictObject({ type: z.literal(agentCompleted.type), data: agentCompleted.data }),
    z.strictObject({ type: z.literal(toolExecuted.type), data: toolExecuted.data }),
    z.strictObject({ type: z.literal(agentHandoff.type), data: agentHandoff.data }),
  ]),
  reply: Nothing,
  orderedBy: () => "activity",
});
