import type { CancelMessage, DispatchMessage } from "../../../shared/agent-messages.ts";
import type { CommandData } from "../../../shared/commands/catalogue.ts";
import type { Attempt } from "../../../shared/entities/dispatch.ts";
import type { MessageId } from "../../../shared/ids.ts";
import type {
  BridgeFrame,
  CancelFrame,
  DispatchFrame,
  ErrorFrame,
  HeartbeatEchoFrame,
  RegisteredFrame,
} from "../../../shared/plain-websocket/agent-bridge-frames.ts";
import type { ReplyError } from "../../../shared/reply.ts";

/** A command of `/agents` as other doors receive it. */
interface BridgeCommand {
  name: string;
  payload: Record<string, unknown>;
}

type Written = { message_id: MessageId; attempt: number };

/** Drops fields without a value, which bridges omit or send as null. */
const present = (fields: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));

const attempts = (written: readonly Written[] | null | undefined) =>
  written?.map(({ message_id: messageId, attempt }) => ({ messageId, attempt }));

const toWritten = (list: readonly Attempt[]) =>
  list.map(({ messageId, attempt }) => ({ message_id: messageId, attempt }));

/** `newest` returns the last attempt sent over the connection, for bridges that omit the attempt. */
export function commandOf(
  frame: BridgeFrame,
  agentId: string | undefined,
  newest: (messageId: MessageId) => number,
): BridgeCommand {
  switch (frame.type) {
    case "register": {
      const { agent_id, capabilities, workdir, metadata, concurrency, in_flight } = frame;
      const inFlight = attempts(in_flight);
      const payload = present({ agentId: agent_id, capabilities, workdir, metadata, concurrency, inFlight });
      return { name: "register", payload };
    }
    case "heartbeat":
      return {
        name: "heartbeat",
        payload: present({ agentId: frame.agent_id ?? agentId, dispatches: attempts(frame.dispatches) }),
      };
    case "progress": {
      const { message_id: messageId, status, progress_text: progressText, percent, delta, metadata } = frame;
      const attempt = frame.attempt ?? newest(messageId);
      return {
        name: "progress",
        payload: present({ messageId, attempt, status, progressText, percent, delta, metadata }),
      };
    }
    case "response": {
      const { message_id: messageId, content, usage, error } = frame;
      const attempt = frame.attempt ?? newest(messageId);
      return { name: "response", payload: present({ messageId, attempt, content, usage, error }) };
    }
    case "system.token.refresh":
      return { name: frame.type, payload: { token: frame.token } };
  }
}

export function registeredFrame(data: CommandData<"/agents", "register">): RegisteredFrame {
  const { agentId, leaseMs, heartbeatIntervalMs, resume, cancel } = data;
  return {
    type: "registered",
    agent_id: agentId,
    lease_ms: leaseMs,
    heartbeat_interval_ms: heartbeatIntervalMs,
    resume: toWritten(resume),
    cancel,
  };
}

export function heartbeatFrame({
  agentId,
  dispatches,
  cancel,
}: CommandData<"/agents", "heartbeat">): HeartbeatEchoFrame {
  return {
    type: "heartbeat",
    agent_id: agentId,
    ...(dispatches && { dispatches: toWritten(dispatches) }),
    cancel,
  };
}

export function dispatchFrame(message: DispatchMessage): DispatchFrame {
  const { messageId, attempt, content, context, sessionId, taskId, deadline } = message;
  return {
    type: "dispatch",
    message_id: messageId,
    attempt,
    content,
    context,
    session_id: sessionId ?? null,
    task_id: taskId ?? null,
    deadline,
  };
}

export const cancelFrame = ({ messageId, reason }: CancelMessage): CancelFrame => ({
  type: "cancel",
  message_id: messageId,
  reason,
});

export const errorFrame = ({ code, message }: ReplyError, messageId: MessageId | null): ErrorFrame => ({
  type: "error",
  code,
  message,
  message_id: messageId,
});
