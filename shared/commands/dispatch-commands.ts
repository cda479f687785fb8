import { z } from "zod";
import { Agent } from "../entities/agent.ts";
import { Dispatch } from "../entities/dispatch.ts";
import { AgentList } from "../http/agents.ts";
import { CreateDispatchBody, DispatchCreated } from "../http/dispatches.ts";
import { AgentId, MessageId } from "../ids.ts";
import { limits } from "../limits.ts";
import type { Role } from "../role.ts";
import { defineCommand } from "./define-command.ts";
import { Cursor, ListLimit } from "./fields.ts";

/** Who gives work to agents sees them, as do people who watch. */
const readers: readonly Role[] = ["monitor", "admin", "service"];
const dispatchers: readonly Role[] = ["service", "admin"];

/** `GET /api/agents` */
export const listAgents = defineCommand({
  name: "list_agents",
  roles: readers,
  payload: z.strictObject({ cursor: Cursor.optional(), limit: ListLimit }),
  reply: AgentList,
});

/** `GET /api/agents/:id` */
export const getAgent = defineCommand({
  name: "get_agent",
  roles: readers,
  payload: z.strictObject({ agentId: AgentId }),
  reply: Agent,
});

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
