import { type Request, type RequestHandler, type Response, Router } from "express";
import type { z } from "zod";
import type { CommandData, CommandInput, CommandName } from "../../shared/commands/catalogue.ts";
import { AddMembersBody, CreateConversationBody, SendMessageBody } from "../../shared/http/conversations.ts";
import { EventList, EventsQuery, EventToPublish } from "../../shared/http/events.ts";
import { NotificationBody } from "../../shared/http/notifications.ts";
import { ListQuery } from "../../shared/http/query.ts";
import { ConversationId, UserId } from "../../shared/ids.ts";
import type { Position } from "../../shared/position.ts";
import { Rejection } from "../../shared/rejection.ts";
import type { Reply } from "../../shared/reply.ts";
import type { Role } from "../../shared/role.ts";
import { logOfRoom, userRoom } from "../../shared/room.ts";
import { bearerToken } from "../connect/bearer-token.ts";
import type { Connector } from "../connect/connector.ts";
import type { Drain } from "../connect/drain.ts";
import type { EventLog } from "../log/event-log.ts";
import { type Router as CommandRouter, invalidPayload } from "../route/router.ts";
import { hasRole } from "../session/principal.ts";
import type { Session } from "../session/session.ts";
import { RecentBuckets } from "./recent-buckets.ts";

export interface CommandRoutesDeps {
  connector: Connector;
  drain: Drain;
  router: CommandRouter;
  log: Pick<EventLog, "bounds">;
  eventStreams: EventStreams;
}

/** Where requests for `text/event-stream` are served. */
export interface EventStreams {
  serve(request: Request, response: Response, query: EventsQuery): Promise<void>;
}

const spaces = ["/chat", "http"] as const;
type Space = (typeof spaces)[number];

/** Commands for programs that have no connection. They go the same way as those of the other doors. */
export function createCommandRoutes({ connector, drain, router, log, eventStreams }: CommandRoutesDeps): Router {
  const buckets = new RecentBuckets();

  /** Who asks, as a session that lasts for one request. Commands are counted per user over requests. */
  async function sessionOf(request: Request, roles?: readonly Role[]): Promise<Session> {
    if (drain.started) throw new Rejection("unavailable", "This instance is stopping. Ask again.");
    const principal = await connector.authenticate(bearerToken(request.headers.authorization));
    if (roles && !hasRole(principal, ...roles)) {
      throw new Rejection("forbidden", `This is for the roles ${roles.join(", ")}.`);
    }
    const bucket = buckets.of(principal, () => connector.createCommandBucket(principal));
    return connector.createSession(principal, "http", ["/chat"], bucket);
  }

  async function run<N extends Space, C extends CommandName<N>>(
    session: Session,
    command: C,
    payload: CommandInput<N, C>,
  ): Promise<CommandData<N, C>> {
    let answer: Reply<unknown> | undefined;
    // The size was held to its limit where the body was read.
    await router.handle({ session, command, payload, bytes: 0, spaces }, (reply) => {
      answer = reply;
    });
    if (!answer?.ok)
      throw new Rejection(answer?.error.code ?? "internal", answer?.error.message ?? "", answer?.error.details);
    return answer.data as CommandData<N, C>;
  }

  const conversing: readonly Role[] = ["user", "service", "admin"];
  const routes = Router();

  routes.get("/conversations", async (request, response) => {
    const session = await sessionOf(request, conversing);
    const query = parse(ListQuery, request.query, "query");
    // Read first: what changes while the list is made is then in the log after this position.
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
      parse(CreateConversationBody, request.body, "body"),
    );
    response.status(201).location(`/api/conversations/${reply.conversation.id}`).json(reply);
  });

  routes.post("/conversations/:id/members", async (request, response) => {
    const session = await sessionOf(request, conversing);
    const conversationId = parse(ConversationId, request.params.id, "path");
    const body = parse(AddMembersBody, request.body, "body");
    response.json(
      await run<"/chat", "conversation.add_members">(session, "conversation.add_members", { ...body, conversationId }),
    );
  });

  routes.post("/conversations/:id/messages", async (request, response) => {
    const session = await sessionOf(request, conversing);
    const conversationId = parse(ConversationId, request.params.id, "path");
    const body = parse(SendMessageBody, request.body, "body");
    response.status(201).json(await run<"/chat", "chat_message">(session, "chat_message", { ...body, conversationId }));
  });

  routes.post("/users/:id/notifications", async (request, response) => {
    const session = await sessionOf(request, ["service"]);
    const userId = parse(UserId, request.params.id, "path");
    const body = parse(NotificationBody, request.body, "body");
    response.status(201).json(await run<"http", "notify_user">(session, "notify_user", { ...body, userId }));
  });

  routes.post("/events", async (request, response) => {
    const session = await sessionOf(request, ["service"]);
    // A union of the two would say of neither what is wrong with it.
    const isList = Array.isArray(request.body);
    const events = isList ? parse(EventList, request.body, "body") : [parse(EventToPublish, request.body, "body")];
    response.status(201).json(await run<"http", "publish_events">(session, "publish_events", { events }));
  });

  routes.get("/events", async (request, response, next) => {
    // Of a stream there is no head without a body.
    if (request.method !== "GET") return next();
    const isStream = request.accepts(["json", "text/event-stream"]) === "text/event-stream";
    const lastEventId = isStream ? request.get("last-event-id") : undefined;
    // A reader that comes back by itself asks for the same address, and says apart from it how far it was.
    const given = lastEventId === undefined ? request.query : { ...request.query, after: lastEventId };
    const query = parse(EventsQuery, given, "query");
    if (isStream) return eventStreams.serve(request, response, query);

    const session = await sessionOf(request);
    response.once("close", () => void session.ended("closed"));
    const { topics, ...rest } = query;
    response.set("Cache-Control", "no-store");
    response.json(await run<"http", "read_events">(session, "read_events", { ...topics, ...rest }));
  });

  const onlyWith = (...methods: string[]): RequestHandler => {
    return (request, response) => {
      response.set("Allow", methods.join(", "));
      throw new Rejection("not_found", `${request.method} is not possible here; ${methods.join(" and ")} is.`);
    };
  };
  routes.all(["/conversations", "/events"], onlyWith("GET", "POST"));
  routes.all(
    ["/conversations/:id/members", "/conversations/:id/messages", "/users/:id/notifications"],
    onlyWith("POST"),
  );
  return routes;
}

function parse<Schema extends z.ZodType>(schema: Schema, input: unknown, what: string): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw invalidPayload(`the ${what}`, parsed.error);
  return parsed.data;
}
