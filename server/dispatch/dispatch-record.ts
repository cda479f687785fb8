import type { DispatchMessage } from "../../shared/agent-messages.ts";
import type { Dispatch } from "../../shared/entities/dispatch.ts";
import type { TaskStatus } from "../../shared/entities/task.ts";
import type { AgentId, ConversationId, MessageId, TaskId, UserId } from "../../shared/ids.ts";
import type { JsonObject } from "../../shared/json.ts";
import type { Sender } from "../../shared/sender.ts";
import type { DispatchResponse } from "../conversations/dispatch-responses.ts";
import type { DispatchEnd, DispatchState } from "./dispatch-machine.ts";

/** What somebody wants done. Times in milliseconds since 1970. */
export interface Work {
  messageId: MessageId;
  content: string;
  context: JsonObject;
  sessionId?: ConversationId;
  taskId?: TaskId;
  /** Whom it is addressed to: one of the two. */
  agentId?: AgentId;
  capability?: string;
  maxAttempts: number;
  createdAt: number;
  createdBy: UserId;
  deadline: number;
}

/** How the task that follows a dispatch is to be now. */
export interface PendingTask {
  status: Extract<TaskStatus, "in_progress" | "completed" | "blocked">;
  blockedReason?: string;
}

/** The end of the answer that appears in the conversation. */
export interface PendingAnswer {
  status: "complete" | "failed" | "cancelled";
  /** `null`: no agent ever had it. */
  sender: Sender | null;
}

/** A dispatch as it is kept. */
export interface DispatchRecord {
  work: Work;
  state: DispatchState;
  updatedAt: number;
  /** Who had each attempt: the first is that of attempt 1. */
  agents: AgentId[];
  /** What the conversation and the task have still to be told: done again until it is done, by whatever instance. */
  pending: { task?: PendingTask; answer?: PendingAnswer };
  /** Whose trace it belongs to, if traces are kept: W3C's `traceparent`. */
  trace?: string;
  /** Name of the step that wrote it: a step whose answer got lost finds that it was carried out. */
  writeId: string;
}

const iso = (ms: number) => new Date(ms).toISOString();

export const hasEnded = ({ state }: DispatchRecord) => "outcome" in state;

/** As it is told. */
export function toDispatch({ work, state, updatedAt }: DispatchRecord): Dispatch {
  const { maxAttempts, createdAt, createdBy: _createdBy, deadline, agentId, ...rest } = work;
  const has = "agentId" in state ? state.agentId : agentId;
  return {
    ...rest,
    ...(has && { agentId: has }),
    status: state.status,
    attempt: state.attempt,
    maxAttempts,
    createdAt: iso(createdAt),
    updatedAt: iso(updatedAt),
    deadline: iso(deadline),
    ...("outcome" in state && { outcome: withoutAbsent(state.outcome) }),
  };
}

/** As its agent is asked to do it. */
export function toMessage({ work, state }: DispatchRecord): DispatchMessage {
  const { messageId, content, context, sessionId, taskId, deadline } = work;
  return {
    messageId,
    attempt: state.attempt,
    content,
    context,
    ...(sessionId && { sessionId }),
    ...(taskId && { taskId }),
    deadline: iso(deadline),
  };
}

/** The response in the conversation that the dispatch belongs to, if it belongs to one. */
export function responseOf({ work, state: { attempt } }: DispatchRecord): DispatchResponse | undefined {
  const { sessionId: conversationId, messageId, createdBy: producer, createdAt: since } = work;
  return conversationId && { conversationId, messageId, producer, attempt, since };
}

/** The task of a dispatch: protocol 7.2. A cancelled one leaves its task blocked too: nobody is at it any more. */
export function taskAfter(status: DispatchEnd, error: string | undefined): PendingTask {
  if (status === "completed") return { status: "completed" };
  return { status: "blocked", blockedReason: `dispatch ${status}${error ? `: ${error}` : ""}`.slice(0, 500) };
}

/** The status of the answer in the conversation. */
export const answerStatusOf = (status: DispatchEnd): PendingAnswer["status"] =>
  status === "completed" ? "complete" : status === "cancelled" ? "cancelled" : "failed";

/** JSON has no `undefined`. */
export function withoutAbsent<T extends object>(object: T): Present<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Present<T>;
}

type Present<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };
