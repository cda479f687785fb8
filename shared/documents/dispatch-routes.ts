import { Agent } from "../entities/agent.ts";
import { Dispatch } from "../entities/dispatch.ts";
import { AgentList } from "../http/agents.ts";
import { CreateDispatchBody, DispatchCreated, DispatchQuery } from "../http/dispatches.ts";
import { ListQuery } from "../http/query.ts";
import type { RouteDescription } from "./route-description.ts";

const watching = ["service", "monitor", "admin"] as const;
const dispatching = ["service", "admin"] as const;

/** Agents and what they are given to do. */
export const dispatchRoutes: readonly RouteDescription[] = [
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
