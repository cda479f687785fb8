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

/** Backends that give work to agents, and people who watch. */
const readers: readonly Role[] = ["monitor", "admin", "service"];
const dispatchers: readonly Role[] = ["service", "admin"];

/** `GET /api/agents` */
export const listAgents = defineCommand({
  name: "list_agents",
  description: "The agents of all instances, connected or lately gone, with what each has in flight.",
  roles: readers,
  payload: z.strictObject({ cursor: Cursor.optional(), limit: ListLimit }),
  reply: AgentList,
});

/** `GET /api/agents/:id` */
export const getAgent = defineCommand({
  name: "get_agent",
  description: "One agent.",
  roles: readers,
  payload: z.strictObject({ agentId: AgentId }),
  reply: Agent,
});

/** `POST /api/dispatches` */
export const createDispatch = defineCommand({
  name: "create_dispatch",
  description: "Gives work to an agent, or to the least loaded connected agent that has the capability.",
  roles: dispatchers,
  payload: CreateDispatchBody,
  reply: DispatchCreated,
});

/** `GET /api/dispatches/:id` */
export const getDispatch = defineCommand({
  name: "get_dispatch",
  description: "A dispatch as it is, or, with `wait`, when it has ended.",
  roles: dispatchers,
  payload: z.strictObject({
    messageId: MessageId,
    wait: z
      .int()
      .min(0)
      .max(limits.waitSecondsMax)
      .default(0)
      .describe("Seconds that the answer may wait for the end."),
  }),
  reply: Dispatch,
});

/** `DELETE /api/dispatches/:id` */
export const cancelDispatch = defineCommand({
  name: "cancel_dispatch",
  description: "Cancels a dispatch.",
  roles: dispatchers,
  payload: z.strictObject({ messageId: MessageId }),
  reply: Dispatch,
});
