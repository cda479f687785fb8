import { addMembers, createConversation, listConversations, sendChatMessage } from "../commands/chat-commands.ts";
import { notifyUser, publishEvents, readEvents } from "../commands/http-commands.ts";
import { AddMembersBody, CreateConversationBody, SendMessageBody } from "../http/conversations.ts";
import { EventsQuery, PublishBody } from "../http/events.ts";
import { listOf } from "../http/list.ts";
import { NotificationBody } from "../http/notifications.ts";
import { ListQuery } from "../http/query.ts";
import { byCommand, type RouteDescription } from "./route-description.ts";

const who = ["user", "service", "admin"] as const;

/** Events in and out, conversations and notifications. */
export const eventRoutes: readonly RouteDescription[] = [
  {
    method: "post",
    path: "/api/events",
    ...byCommand(publishEvents),
    body: PublishBody,
    answer: { status: 201, schema: publishEvents.reply },
  },
  {
    method: "get",
    path: "/api/events",
    ...byCommand(readEvents),
    query: EventsQuery,
    answer: { status: 200, schema: readEvents.reply, alsoEventStream: true },
  },
  {
    method: "get",
    path: "/api/conversations",
    description: listConversations.description,
    who,
    query: ListQuery,
    answer: { status: 200, schema: listOf(listConversations.reply.shape.conversations.element) },
  },
  {
    method: "post",
    path: "/api/conversations",
    description: createConversation.description,
    who,
    body: CreateConversationBody,
    answer: { status: 201, schema: createConversation.reply },
  },
  {
    method: "post",
    path: "/api/conversations/{id}/members",
    description: addMembers.description,
    who,
    body: AddMembersBody,
    answer: { status: 200, schema: addMembers.reply },
  },
  {
    method: "post",
    path: "/api/conversations/{id}/messages",
    description: sendChatMessage.description,
    who,
    body: SendMessageBody,
    answer: { status: 201, schema: sendChatMessage.reply },
  },
  {
    method: "post",
    path: "/api/users/{id}/notifications",
    ...byCommand(notifyUser),
    body: NotificationBody,
    answer: { status: 201, schema: notifyUser.reply },
  },
];
