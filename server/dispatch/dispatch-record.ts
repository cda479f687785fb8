import type { DispatchMessage } from "../../shared/agent-messages.ts";
import type { Dispatch } from "../../shared/entities/dispatch.ts";
import type { TaskStatus } from "../../shared/entities/task.ts";
import type { AgentId, ConversationId, MessageId, TaskId, UserId } from "../../shared/ids.ts";
import type { JsonObject } from "../../shared/json.ts";
import type { Sender } from "../../shared/sender.ts";
import type { DispatchResponse } from "../conversations/dispatch-responses.ts";
import { timestampAt } from "../runtime/clock.ts";
import type { DispatchEnd, DispatchState } from "./dispatch-machine.ts";

/** The request of a dispatch, which never changes. Times in milliseconds since 1970. */
export interface Work {
  messageId: MessageId;
  content: string;
  context: JsonObject;
  /** The conversation in which the response appears. The wire calls it `sessionId`, as older clients do. */
  sessionId?: ConversationId;
  taskId?: TaskId;
  /** One of the two: the agent, or the capability of the agents that may get it. */
  agentId?: AgentId;
  capability?: string;
  maxAttempts: number;
  createdAt: number;
  createdBy: UserId;
  deadline: number;
}

/** The state that the task of a dispatch should have now. */
export interface PendingTask {
  status: Extract<TaskStatus, "in_progress" | "completed" | "blocked">;
  blockedReason?: string;
}

/** The end of the response in the conversation. */
export interface PendingResponse {
  status: "complete" | "failed" | "cancelled";
  /** `null`: no agent had it when it ended. */
  sender: Sender | null;
}

/** The stored record of a dispatch. */
export interface DispatchRecord {
  work: Work;
  state: DispatchState;
  updatedAt: number;
  /** The agents of the attempts, beginning with attempt 1. */
  agents: AgentId[];
  /** Effects on the task and the conversation that are not done yet: any instance tries them again until they are. */
  pending: { task?: PendingTask; response?: PendingResponse };
  /** The trace it belongs to, if traces are kept: W3C's `traceparent`. */
  trace?: string;
  /** Id of the latest write. After a commit without a reply it shows whether the commit succeeded. */
  writeId: string;
}

export const hasEnded = ({ state }: DispatchRecord) => "outcome" in state;

/** The dispatch as clients see it. */
export function toDispatch({ work, state, updatedAt }: DispatchRecord): Dispatch {
  const { maxAttempts, createdAt, createdBy: _createdBy, deadline, agentId, ...rest } = work;
  const has = "agentId" in state ? state.agentId : agentId;
  return {
    ...rest,
    ...(has && { agentId: has }),
    status: state.status,
    attempt: state.attempt,
    maxAttempts,
    createdAt: timestampAt(createdAt),
    updatedAt: timestampAt(updatedAt),
    deadline: timestampAt(deadline),
    ...("outcome" in state && { outcome: withoutAbsent(state.outcome) }),
  };
}

/** The message that assigns the dispatch to its agent. */
export function toMessage({ work, state }: DispatchRecord): DispatchMessage {
  const { messageId, content, context, sessionId, taskId, deadline } = work;
  return {
    messageId,
    attempt: state.attempt,
    content,
    context,
    ...(sessionId && { sessionId }),
    ...(taskId && { taskId }),
    deadline: timestampAt(deadline),
  };
}

/** The response in the conversation that the dispatch belongs to, if it belongs to one. */
export function responseOf({ work, state: { attempt } }: DispatchRecord): DispatchResponse | undefined {
  const { sessionId: conversationId, messageId, createdBy: producer } = work;
  return conversationId && { conversationId, messageId, producer, attempt };
}

/** The state of the task after the end of its dispatch. A cancelled dispatch leaves it blocked too. Protocol 7.2. */
export function taskAfter(status: DispatchEnd, error: string | undefined): PendingTask {
  if (status === "completed") return { status: "completed" };
  return { status: "blocked", blockedReason: `dispatch ${status}${error ? `: ${error}` : ""}`.slice(0, 500) };
}

/** The status of the response in the conversation. */
export const responseStatusOf = (status: DispatchEnd): PendingResponse["status"] =>
  status === "completed" ? "complete" : status === "cancelled" ? "cancelled" : "failed";

/** The object without fields whose value is `undefined`, as JSON would have it. */
export function withoutAbsent<T extends object>(object: T): Present<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Present<T>;
}

type Present<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };
