import { z } from "zod";
import { refreshToken } from "../commands/session-commands.ts";
import { agentFields, Concurrency } from "../entities/agent.ts";
import { AttemptNumber, outcomeFields, progressFields, workFields } from "../entities/dispatch.ts";
import { ErrorCode } from "../error-code.ts";
import { AgentId, MessageId } from "../ids.ts";
import { JsonObject, Timestamp } from "../json.ts";
import { limits } from "../limits.ts";

// Flat and snake_case. A bridge may write null for what it does not have, and the server does so too.

const Attempts = z.array(z.strictObject({ message_id: MessageId, attempt: AttemptNumber })).max(limits.inFlight);

const RegisterFrame = z
  .strictObject({
    type: z.literal("register"),
    agent_id: AgentId,
    auth_token: z
      .string()
      .max(limits.tokenLength)
      .nullish()
      .describe("The token, unless `?token=` or the header has it."),
    capabilities: agentFields.capabilities.default([]),
    workdir: agentFields.workdir.nullable(),
    metadata: agentFields.metadata.nullable(),
    concurrency: Concurrency.nullish(),
    in_flight: Attempts.nullish().describe("As `inFlight` of `register`."),
  })
  .describe("The first frame.");

const HeartbeatFrame = z
  .strictObject({
    type: z.literal("heartbeat"),
    agent_id: AgentId.nullish(),
    dispatches: Attempts.nullish(),
  })
  .describe("Renews the agent's lease, and that of each dispatch that it names; without `dispatches`, of all.");

const dispatchFields = {
  message_id: MessageId,
  agent_id: AgentId.nullish(),
  attempt: AttemptNumber.nullish().describe("Default: the newest attempt that this connection was sent."),
};

const ProgressFrame = z
  .strictObject({
    type: z.literal("progress"),
    ...dispatchFields,
    status: progressFields.status,
    progress_text: progressFields.progressText.nullable(),
    percent: progressFields.percent.nullable(),
    delta: progressFields.delta.nullable(),
    metadata: progressFields.metadata.nullable(),
  })
  .describe("Reports progress, and renews the lease of the dispatch.");

const ResponseFrame = z
  .strictObject({
    type: z.literal("response"),
    ...dispatchFields,
    content: outcomeFields.content.nullable(),
    usage: outcomeFields.usage.nullable(),
    error: outcomeFields.error.nullable(),
  })
  .describe("Ends a dispatch.");

const TokenRefreshFrame = z
  .strictObject({
    type: z.literal(refreshToken.name),
    ...refreshToken.payload.shape,
  })
  .describe("Replaces the token, so that the bridge may outlive it.");

/** What a bridge sends. */
export const BridgeFrame = z.discriminatedUnion("type", [
  RegisterFrame,
  HeartbeatFrame,
  ProgressFrame,
  ResponseFrame,
  TokenRefreshFrame,
]);
export type BridgeFrame = z.infer<typeof BridgeFrame>;

export const RegisteredFrame = z
  .strictObject({
    type: z.literal("registered"),
    agent_id: AgentId,
    lease_ms: z.int().min(1),
    heartbeat_interval_ms: z.int().min(1),
    resume: Attempts.describe("The dispatches that the agent goes on with."),
    cancel: z.array(MessageId).describe("Dispatches that the agent must drop."),
  })
  .describe("The answer to `register`.");
export type RegisteredFrame = z.infer<typeof RegisteredFrame>;

export const HeartbeatEchoFrame = z
  .strictObject({
    type: z.literal("heartbeat"),
    agent_id: AgentId,
    dispatches: Attempts.optional(),
    cancel: z.array(MessageId).describe("Dispatches that the agent must drop."),
  })
  .describe("The answer to `heartbeat`.");
export type HeartbeatEchoFrame = z.infer<typeof HeartbeatEchoFrame>;

export const DispatchFrame = z
  .strictObject({
    type: z.literal("dispatch"),
    message_id: MessageId,
    attempt: AttemptNumber,
    content: workFields.content,
    context: JsonObject,
    session_id: workFields.sessionId.unwrap().nullable(),
    task_id: workFields.taskId.unwrap().nullable(),
    deadline: Timestamp,
  })
  .describe("Work for the agent. No acknowledgement is needed.");
export type DispatchFrame = z.infer<typeof DispatchFrame>;

export const CancelFrame = z
  .strictObject({
    type: z.literal("cancel"),
    message_id: MessageId,
    reason: z.string().max(limits.reasonLength),
  })
  .describe("The agent must drop the dispatch.");
export type CancelFrame = z.infer<typeof CancelFrame>;

export const ErrorFrame = z
  .strictObject({
    type: z.literal("error"),
    code: ErrorCode,
    message: z.string(),
    message_id: MessageId.nullable().describe("The dispatch that the refused frame names."),
  })
  .describe("A frame was refused; the connection goes on.");
export type ErrorFrame = z.infer<typeof ErrorFrame>;

/** What the server sends to a bridge, next to the `system.*` messages. */
export const BridgeServerFrame = z.discriminatedUnion("type", [
  RegisteredFrame,
  HeartbeatEchoFrame,
  DispatchFrame,
  CancelFrame,
  ErrorFrame,
]);
export type BridgeServerFrame = z.infer<typeof BridgeServerFrame>;
