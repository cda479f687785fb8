import { createConversation, listConversations, sendChatMessage } from "../commands/chat-commands.ts";
import { PublishedReply } from "../commands/fields.ts";
import { AddMembersBody, CreateConversationBody, SendMessageBody } from "../http/conversations.ts";
import { EventsAnswer, EventsQuery, PublishAnswer, PublishBody } from "../http/events.ts";
import { listOf } from "../http/list.ts";
import { NotificationBody } from "../http/notifications.ts";
import { ListQuery } from "../http/query.ts";
import type { RouteDescription } from "./route-description.ts";

const conversing = ["user", "service", "admin"] as const;

/** Events in and out, conversations, and what a user is told. */
export const eventRoutes: readonly RouteDescription[] = [
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
