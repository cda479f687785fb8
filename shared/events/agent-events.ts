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
  rooms: ["agent"],
  durable: true,
  publishers: ["agent", "service"],
  data: activityData,
});

export const agentCompleted = defineEvent({
  type: EventType.AgentCompleted,
  rooms: ["agent"],
  durable: true,
  publishers: ["agent", "service"],
  data: activityData,
});

export const toolExecuted = defineEvent({
  type: EventType.ToolExecuted,
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

/** One agent has given its work to another. */
export const agentHandoff = defineEvent({
  type: EventType.AgentHandoff,
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
  rooms: ["agent"],
  durable: true,
  publishers: [],
  data: z.strictObject(agentFields),
});

export const agentDisconnected = defineEvent({
  type: EventType.AgentDisconnected,
  rooms: ["agent"],
  durable: true,
  publishers: [],
  data: z.strictObject({ agentId: AgentId, reason: z.string().max(limits.reasonLength) }),
});

/** Nothing was heard of the agent for as long as its lease. */
export const agentHeartbeatLost = defineEvent({
  type: EventType.AgentHeartbeatLost,
  rooms: ["agent"],
  durable: true,
  publishers: [],
  data: z.strictObject({ agentId: AgentId, lastSeen: Timestamp }),
});

const attemptFields = { agentId: AgentId, ...Attempt.shape };

/** The agent has accepted a dispatch. */
export const taskDispatched = defineEvent({
  type: EventType.TaskDispatched,
  rooms: ["agent"],
  durable: true,
  publishers: [],
  data: z.strictObject({ ...attemptFields, ...workFields, context: JsonObject, deadline: Timestamp }),
});

export const agentProgress = defineEvent({
  type: EventType.AgentProgress,
  rooms: ["agent"],
  durable: true,
  publishers: [],
  data: z.strictObject({ ...attemptFields, ...progressFields }),
});

/** A dispatch has been completed. */
export const agentResponse = defineEvent({
  type: EventType.AgentResponse,
  rooms: ["agent"],
  durable: true,
  publishers: [],
  data: z.strictObject({ ...attemptFields, content: outcomeFields.content, usage: outcomeFields.usage }),
});

/** An attempt has ended without a result. */
export const agentError = defineEvent({
  type: EventType.AgentError,
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
