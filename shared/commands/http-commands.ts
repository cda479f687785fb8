import { z } from "zod";
import { Agent } from "../entities/agent.ts";
import { Dispatch } from "../entities/dispatch.ts";
import { AgentList } from "../http/agents.ts";
import { CreateDispatchBody, DispatchCreated } from "../http/dispatches.ts";
import { NotificationBody } from "../http/notifications.ts";
import { AgentId, MessageId, UserId } from "../ids.ts";
import { limits } from "../limits.ts";
import { userRoom } from "../room.ts";
import { defineCommand } from "./define-command.ts";
import { Cursor, ListLimit, PublishedReply } from "./fields.ts";

/** `POST /api/users/:id/notifications` */
export const notifyUser = defineCommand({
  name: "notify_user",
  roles: ["service"],
  payload: NotificationBody.extend({ userId: UserId }),
  reply: PublishedReply,
  room: ({ userId }) => userRoom(userId),
});

/** `GET /api/agents` */
export const listAgents = defineCommand({
  name: "list_agents",
  roles: ["monitor"],
  payload: z.strictObject({ cursor: Cursor.optional(), limit: ListLimit }),
  reply: AgentList,
});

/** `GET /api/agents/:id` */
export const getAgent = defineCommand({
  name: "get_agent",
  roles: ["monitor"],
  payload: z.strictObject({ agentId: AgentId }),
  reply: Agent,
});

const dispatchers = ["service", "admin"] as const;

/** `POST /api/dispatches` */
export const createDispatch = defineCommand({
  name: "create_dispatch",
  roles: dispatchers,
  payload: CreateDispatchBody,
  reply: DispatchCreated,
});

/** `GET /api/dispatches/:id` */
export const getDispatch = defineCommand({
  name: "get_dispatch",
  roles: dispatchers,
  payload: z.strictObject({
    messageId: MessageId,
    /** Seconds that the answer may wait for the end. */
    wait: z.int().min(0).max(limits.waitSecondsMax).default(0),
  }),
  reply: Dispatch,
});

/** `DELETE /api/dispatches/:id` */
export const cancelDispatch = defineCommand({
  name: "cancel_dispatch",
  roles: dispatchers,
  payload: z.strictObject({ messageId: MessageId }),
  reply: Dispatch,
});
