import type { IRouter } from "express";
import { AddMembersBody, CreateConversationBody, SendMessageBody } from "../../../shared/http/conversations.ts";
import { NotificationBody } from "../../../shared/http/notifications.ts";
import { ListQuery } from "../../../shared/http/query.ts";
import { ConversationId, UserId } from "../../../shared/ids.ts";
import type { Position } from "../../../shared/position.ts";
import type { Role } from "../../../shared/role.ts";
import { logOfRoom, userRoom } from "../../../shared/room.ts";
import type { Session } from "../../session/session.ts";
import type { EventLog } from "../../store/log/event-log.ts";
import { type Calls, onlyWith, parse } from "./calls.ts";

export interface CommandRoutesDeps {
  calls: Calls;
  log: Pick<EventLog, "bounds">;
}

/** Conversations and notifications. */
export function addCommandRoutes(routes: IRouter, { calls: { sessionOf, run, bodyOf }, log }: CommandRoutesDeps): void {
  const conversing: readonly Role[] = ["user", "service", "admin"];
  routes.get("/conversations", async (request, response) => {
    const session = await sessionOf(request, conversing);
    const query = parse(ListQuery, request.query, "query");
    // Read before the list, so that changes made while the list is read come after this position.
    const position: Position = await headOf(session);
    const { conversations, nextCursor } = await run<"/chat", "conversation.list">(session, "conversation.list", query);
    response.json({ items: conversations, nextCursor, position });
  });

  async function headOf(session: Session): Promise<Position> {
    const { epoch, last } = await log.bounds(logOfRoom(userRoom(session.principal.userId)));
    return { epoch, offset: last };
  }

  routes.post("/conversations", async (request, response) => {
    const session = await sessionOf(request, conversing);
    const reply = await run<"/chat", "conversation.create">(
      session,
      "conversation.create",
      bodyOf(CreateConversationBody, request),
    );
    response.status(201).location(`/api/conversations/${reply.conversation.id}`).json(reply);
  });

  routes.post("/conversations/:id/members", async (request, response) => {
    const session = await sessionOf(request, conversing);
    const conversationId = parse(ConversationId, request.params.id, "path");
    const body = bodyOf(AddMembersBody, request);
    response.json(
      await run<"/chat", "conversation.add_members">(session, "conversation.add_members", { ...body, conversationId }),
    );
  });

  routes.post("/conversations/:id/messages", async (request, response) => {
    const session = await sessionOf(request, conversing);
    const conversationId = parse(ConversationId, request.params.id, "path");
    const body = bodyOf(SendMessageBody, request);
    response.status(201).json(await run<"/chat", "chat_message">(session, "chat_message", { ...body, conversationId }));
  });

  routes.post("/users/:id/notifications", async (request, response) => {
    const session = await sessionOf(request, ["service"]);
    const userId = parse(UserId, request.params.id, "path");
    const body = bodyOf(NotificationBody, request);
    response.status(201).json(await run<"http", "notify_user">(session, "notify_user", { ...body, userId }));
  });

  routes.all("/conversations", onlyWith("GET", "POST"));
  routes.all(
    ["/conversations/:id/members", "/conversations/:id/messages", "/users/:id/notifications"],
    onlyWith("POST"),
  );
}
