import type { z } from "zod";
import { createConversation, listConversations, sendChatMessage } from "../commands/chat-commands.ts";
import { PublishedReply } from "../commands/fields.ts";
import { AddMembersBody, CreateConversationBody, SendMessageBody } from "../http/conversations.ts";
import { EventsAnswer, EventsQuery, PublishAnswer, PublishBody } from "../http/events.ts";
import { listOf } from "../http/list.ts";
import { NotificationBody } from "../http/notifications.ts";
import { ListQuery } from "../http/query.ts";
import { WebsocketStatus } from "../http/websocket-status.ts";
import type { Role } from "../role.ts";

/** A route as the HTTP document shows it. */
export interface RouteDescription {
  method: "get" | "post" | "patch" | "delete";
  /** With `{…}` where a path has an id. */
  path: string;
  summary: string;
  /** `anyone`: without a token. `reader`: as for the rooms that are read. */
  who: readonly Role[] | "anyone" | "reader";
  query?: z.ZodObject;
  body?: z.ZodType;
  answer: { status: 200 | 201 | 202; schema: z.ZodType; alsoEventStream?: true };
}

const conversing = ["user", "service", "admin"] as const;

/** The routes that are served. */
export const routes: readonly RouteDescription[] = [
  {
    method: "get",
    path: "/api/websocket/status",
    summary: "Whether the server takes clients, and how many it has, over all instances",
    who: "anyone",
    answer: { status: 200, schema: WebsocketStatus },
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
];
