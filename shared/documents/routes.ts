import type { z } from "zod";
import { createConversation, listConversations, sendChatMessage } from "../commands/chat-commands.ts";
import { PublishedReply } from "../commands/fields.ts";
import { Agent } from "../entities/agent.ts";
import { Checkpoint } from "../entities/checkpoint.ts";
import { Dispatch } from "../entities/dispatch.ts";
import { Task } from "../entities/task.ts";
import { AgentList } from "../http/agents.ts";
import { CreateCheckpointBody } from "../http/checkpoints.ts";
import { AddMembersBody, CreateConversationBody, SendMessageBody } from "../http/conversations.ts";
import { CreateDispatchBody, DispatchCreated, DispatchQuery } from "../http/dispatches.ts";
import { EventsAnswer, EventsQuery, PublishAnswer, PublishBody } from "../http/events.ts";
import { listOf } from "../http/list.ts";
import { NotificationBody } from "../http/notifications.ts";
import { ListQuery } from "../http/query.ts";
import { RevocationAnswer, RevocationBody } from "../http/revocations.ts";
import { SessionAnswer, SignInProviders } from "../http/session.ts";
import { CreateStreamBody, StreamList, StreamWithProgress } from "../http/streams.ts";
import { CreateTaskBody, TaskList, TasksQuery, UpdateTaskBody } from "../http/tasks.ts";
import { WebsocketStatus } from "../http/websocket-status.ts";
import type { Role } from "../role.ts";

/** A route as the HTTP document shows it. */
export interface RouteDescription {
  method: "get" | "post" | "patch" | "delete";
  /** With `{…}` where a path has an id. */
  path: string;
  summary: string;
  /** `anyone`: without a token. `token`: any token. `reader`: as for the rooms that are read. `metrics`: whoever has `METRICS_TOKEN`. */
  who: readonly Role[] | "anyone" | "token" | "reader" | "metrics";
  query?: z.ZodObject;
  body?: z.ZodType;
  answer:
    | { status: 200 | 201 | 202; schema: z.ZodType; alsoEventStream?: true }
    | { status: 204 }
    | { status: 200; text: true };
}

const watching = ["service", "monitor", "admin"] as const;
const dispatching = ["service", "admin"] as const;
const conversing = ["user", "service", "admin"] as const;

/** The routes that are served. */
export const routes: readonly RouteDescription[] = [
  {
    method: "get",
    path: "/metrics",
    summary: "What this server does, as Prometheus reads it; of all workers behind the port",
    who: "metrics",
    answer: { status: 200, text: true },
  },
  {
    method: "get",
    path: "/api/websocket/status",
    summary: "Whether the server takes clients, and how many it has, over all instances",
    who: "anyone",
    answer: { status: 200, schema: WebsocketStatus },
  },
  {
    method: "post",
    path: "/api/session",
    summary: "Begins a cookie session that stands for the token of the request",
    who: "token",
    answer: { status: 201, schema: SessionAnswer },
  },
  {
    method: "get",
    path: "/api/session",
    summary: "Who one is, by token or cookie session; null where nobody is signed in",
    who: "anyone",
    answer: { status: 200, schema: SessionAnswer.nullable() },
  },
  {
    method: "get",
    path: "/api/session/providers",
    summary: "The OpenID providers that a page may send people to, to sign in",
    who: "anyone",
    answer: { status: 200, schema: SignInProviders },
  },
  {
    method: "delete",
    path: "/api/session",
    summary: "Ends the cookie session, and its connections",
    who: "token",
    answer: { status: 204 },
  },
  {
    method: "post",
    path: "/api/revocations",
    summary: "Refuses all tokens of a user up to now, those of a session, or one",
    who: ["admin"],
    body: RevocationBody,
    answer: { status: 201, schema: RevocationAnswer },
  },
  {
    method: "post",
    path: "/api/events",
    summary: "Publishes one event, or a list of which all are checked before any is published",
    who: ["service"],
    body: PublishBody,
    answer: { status: 201, schema: PublishAnswer },
  },
  {
    method: "get",
    path: "/api/events",
    summary: "Events after a position: a page, a long poll, or an event stream",
    who: "reader",
    query: EventsQuery,
    answer: { status: 200, schema: EventsAnswer, alsoEventStream: true },
  },
  {
    method: "get",
    path: "/api/conversations",
    summary: "The conversations of the user, newest activity first",
    who: conversing,
    query: ListQuery,
    answer: { status: 200, schema: listOf(listConversations.reply.shape.conversations.element) },
  },
  {
    method: "post",
    path: "/api/conversations",
    summary: "Creates a conversation",
    who: conversing,
    body: CreateConversationBody,
    answer: { status: 201, schema: createConversation.reply },
  },
  {
    method: "post",
    path: "/api/conversations/{id}/members",
    summary: "Adds members",
    who: conversing,
    body: AddMembersBody,
    answer: { status: 200, schema: createConversation.reply },
  },
  {
    method: "post",
    path: "/api/conversations/{id}/messages",
    summary: "Writes a message",
    who: conversing,
    body: SendMessageBody,
    answer: { status: 201, schema: sendChatMessage.reply },
  },
  {
    method: "post",
    path: "/api/users/{id}/notifications",
    summary: "Tells a user something, at all places where the user is connected",
    who: ["service"],
    body: NotificationBody,
    answer: { status: 201, schema: PublishedReply },
  },
  {
    method: "post",
    path: "/api/tasks",
    summary: "Creates a task",
    who: ["service"],
    body: CreateTaskBody,
    answer: { status: 201, schema: Task },
  },
  {
    method: "get",
    path: "/api/tasks",
    summary: "The tasks, or those of one stream",
    who: watching,
    query: TasksQuery,
    answer: { status: 200, schema: TaskList },
  },
  {
    method: "get",
    path: "/api/tasks/{id}",
    summary: "One task",
    who: watching,
    answer: { status: 200, schema: Task },
  },
  {
    method: "patch",
    path: "/api/tasks/{id}",
    summary: "Changes a task; null removes a field",
    who: ["service"],
    body: UpdateTaskBody,
    answer: { status: 200, schema: Task },
  },
  {
    method: "post",
    path: "/api/streams",
    summary: "Creates a stream of tasks",
    who: ["service"],
    body: CreateStreamBody,
    answer: { status: 201, schema: StreamWithProgress },
  },
  {
    method: "get",
    path: "/api/streams",
    summary: "The streams, each with its progress",
    who: watching,
    query: ListQuery,
    answer: { status: 200, schema: StreamList },
  },
  {
    method: "get",
    path: "/api/streams/{id}",
    summary: "One stream with its progress",
    who: watching,
    answer: { status: 200, schema: StreamWithProgress },
  },
  {
    method: "post",
    path: "/api/tasks/{id}/checkpoints",
    summary: "Keeps a checkpoint of a task",
    who: ["service"],
    body: CreateCheckpointBody,
    answer: { status: 201, schema: Checkpoint },
  },
  {
    method: "get",
    path: "/api/tasks/{id}/checkpoints",
    summary: "The checkpoints of a task",
    who: watching,
    query: ListQuery,
    answer: { status: 200, schema: listOf(Checkpoint) },
  },
  {
    method: "post",
    path: "/api/tasks/{id}/checkpoints/{checkpointId}/resume",
    summary: "Tells that a task goes on from a checkpoint",
    who: ["service"],
    answer: { status: 200, schema: Checkpoint },
  },
  {
    method: "get",
    path: "/api/agents",
    summary: "The agents of all instances, connected or lately gone, with what each has in flight",
    who: watching,
    query: ListQuery,
    answer: { status: 200, schema: AgentList },
  },
  {
    method: "get",
    path: "/api/agents/{id}",
    summary: "One agent",
    who: watching,
    answer: { status: 200, schema: Agent },
  },
  {
    method: "post",
    path: "/api/dispatches",
    summary: "Gives work to an agent, or to the least loaded one that can do it",
    who: dispatching,
    body: CreateDispatchBody,
    answer: { status: 202, schema: DispatchCreated },
  },
  {
    method: "get",
    path: "/api/dispatches/{id}",
    summary: "A dispatch as it is, or when it has ended",
    who: dispatching,
    query: DispatchQuery,
    answer: { status: 200, schema: Dispatch },
  },
  {
    method: "delete",
    path: "/api/dispatches/{id}",
    summary: "Cancels a dispatch",
    who: dispatching,
    answer: { status: 200, schema: Dispatch },
  },
];
