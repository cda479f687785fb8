import type { MessageId, ResponseId } from "../../shared/ids.ts";
import type { ConnectionLimits } from "../../shared/limits.ts";
import { ConversationList } from "../conversations/conversation-list.ts";
import type { Broadcast } from "../deliver/broadcast.ts";
import { toDispatch } from "../dispatch/dispatch-record.ts";
import { createAdminHandlers } from "../handle/admin/admin-handlers.ts";
import { createAgentHandlers } from "../handle/agents/agent-handlers.ts";
import { createChatHandlers } from "../handle/chat/chat-handlers.ts";
import { createDispatchHandlers } from "../handle/http/dispatch-handlers.ts";
import { createHttpHandlers } from "../handle/http/http-handlers.ts";
import { createTaskHandlers } from "../handle/http/task-handlers.ts";
import { createSubscriptionHandlers } from "../handle/monitoring/subscription-handlers.ts";
import { createRevoke } from "../handle/revocation-handlers.ts";
import { createSessionHandlers } from "../handle/session-handlers.ts";
import type { Counters } from "../observe/counters.ts";
import {
  authentication,
  commandLogging,
  type MeasuringDeps,
  measuring,
  rateLimit,
  spanning,
} from "../route/middleware.ts";
import { Router } from "../route/router.ts";
import type { Foundation } from "./foundation.ts";
import type { Delivery } from "./open-delivery.ts";
import type { Domain } from "./open-domain.ts";
import type { Identity } from "./open-identity.ts";
import type { Operations } from "./open-operations.ts";

interface RouterDeps extends Foundation {
  limits: ConnectionLimits;
  domain: Domain;
  delivery: Delivery;
  identity: Identity;
  operations: Operations;
  counters: Counters;
  answered: MeasuringDeps["answered"];
  broadcast: Broadcast;
}

/** Registers the handlers of all commands with their dependencies. */
export function openRouter(deps: RouterDeps): Router {
  const { limits, domain, identity, broadcast, clock, logger } = deps;
  const { access, publisher, conversations, readPositions, dispatch } = domain;
  const { catchUp, rooms, subscriptions, longPolls } = deps.delivery;
  const { verifier, revocations } = identity;
  const { isKnown } = deps.operations;
  const spanned = deps.spans ? [spanning({ spans: deps.spans, isKnown })] : [];
  const router = new Router({
    middleware: [...spanned, measuring(deps), authentication({ clock }), rateLimit(), commandLogging({ logger })],
    messageBytes: limits.messageBytes,
    jsonDepth: limits.jsonDepth,
    logger,
  });

  const sessionHandlers = createSessionHandlers({ verifier, access, rooms, subscriptions });
  const conversationList = new ConversationList({ conversations, readPositions, catchUp });
  const cancelDispatch = async (id: ResponseId, reason: string) =>
    void (await dispatch.lifecycle.cancel(id as string as MessageId, reason));
  const chat = { ...domain, conversationList, broadcast, rooms, catchUp, cancelDispatch };
  router.registerAll("/chat", { ...sessionHandlers, ...createChatHandlers(chat) });
  router.registerAll("/monitoring", { ...sessionHandlers, ...createSubscriptionHandlers({ subscriptions }) });
  router.registerAll("/agents", { ...sessionHandlers, ...createAgentHandlers({ ...dispatch, publisher }) });
  const audit = (what: string, details: object) => logger.info(what, { audit: true, ...details });
  const admin = createAdminHandlers({ ...deps.operations, publisher, audit });
  router.registerAll("/admin", { ...sessionHandlers, ...admin });
  const revoke = createRevoke({ revocations, audit });
  router.register("/admin", "admin.revoke", revoke);

  router.register("http", "revoke", revoke);
  router.registerAll("http", createHttpHandlers({ ...domain, longPolls }));
  router.registerAll("http", createTaskHandlers(domain));
  router.registerAll("http", createDispatchHandlers({ ...dispatch, access, toDispatch }));
  return router;
}
