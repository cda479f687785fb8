import { z } from "zod";
import { agentFields } from "../entities/agent.ts";
import { Attempt, DispatchError, outcomeFields, progressFields, workFields } from "../entities/dispatch.ts";
import { EventType } from "../event-type.ts";
import { AgentId, MessageId, TaskId } from "../ids.ts";
import { JsonObject, Timestamp } from "../json.ts";
import { limits } from "../limits.ts";
import { defineEvent } from "./define-event.ts";

const Name = z.string().min(1).max(limits.nameLength);

const activityData = z.strictObject({
  agentName: Name,
  activity: z.string().min(1).max(limits.textLength),
  details: JsonObject,
  messageId: MessageId.optional(),
  taskId: TaskId.optional(),
});

export const agentStarted = defineEvent({
  type: EventType.AgentStarted,
  description: "The agent has begun an activity.",
  rooms: ["agent"],
  durable: true,
  publishers: ["agent", "service"],
  data: activityData,
});

export const agentCompleted = defineEvent({
  type: EventType.AgentCompleted,
  description: "The agent has completed an activity.",
  rooms: ["agent"],
  durable: true,
  publishers: ["agent", "service"],
  data: activityData,
});

export const toolExecuted = defineEvent({
  type: EventType.ToolExecuted,
  description: "The agent has used a tool.",
  rooms: ["agent"],
  durable: true,
  publishers: ["agent", "service"],
  data: z.strictObject({
    agentName: Name,
    tool: Name,
    durationMs: z.number().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
    ok: z.boolean(),
    details: JsonObject,
  }),
});

export const agentHandoff = defineEvent({
  type: EventType.AgentHandoff,
  description: "An agent has given its work to another.",
  rooms: ["agent"],
  durable: true,
  publishers: ["agent", "service"],
  data: z.strictObject({
    fromAgent: Name,
    toAgent: Name,
    reason: z.string().max(limits.reasonLength).optional(),
    details: JsonObject,
  }),
});

export const agentConnected = defineEvent({
  type: EventType.AgentConnected,
  description: "The agent has registered.",
  rooms: ["agent"],
  durable: true,
  publishers: [],
  data: z.strictObject(agentFields),
});

export const agentDisconnected = defineEvent({
  type: EventType.AgentDisconnected,
  description: "The agent's connection has ended.",
  rooms: ["agent"],
  durable: true,
  publishers: [],
  data: z.strictObject({ agentId: AgentId, reason: z.string().max(limits.reasonLength) }),
});

export const agentHeartbeatLost = defineEvent({
  type: EventType.AgentHeartbeatLost,
  description: "Nothing was heard from the agent for its lease.",
  rooms: ["agent"],
  durable: true,
  publishers: [],
  data: z.strictObject({ agentId: AgentId, lastSeen: Timestamp }),
});

const attemptFields = { agentId: AgentId, ...Attempt.shape };

export const taskDispatched = defineEvent({
  type: EventType.TaskDispatched,
  description: "The agent has accepted a dispatch.",
  rooms: ["agent"],
  durable: true,
  publishers: [],
  data: z.strictObject({ ...attemptFields, ...workFields, context: JsonObject, deadline: Timestamp }),
});

export const agentProgress = defineEvent({
  type: EventType.AgentProgress,
  description: "The agent has reported progress.",
  rooms: ["agent"],
  durable: true,
  publishers: [],
  data: z.strictObject({ ...attemptFields, ...progressFields }),
});

export const agentResponse = defineEvent({
  type: EventType.AgentResponse,
  description: "The agent has completed a dispatch.",
  rooms: ["agent"],
  durable: true,
  publishers: [],
  data: z.strictObject({ ...attemptFields, content: outcomeFields.content, usage: outcomeFields.usage }),
});

export const agentError = defineEvent({
  type: EventType.AgentError,
  description: "An attempt has ended without a result.",
  rooms: ["agent"],
  durable: true,
  publishers: [],
  data: z.strictObject({
    ...attemptFields,
    ...outcomeFields,
    error: DispatchError,
    status: z.enum(["failed", "cancelled", "lost"]),
  }),
});
