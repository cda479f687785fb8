import { cancelDispatch, createDispatch, getAgent, getDispatch, listAgents } from "../commands/dispatch-commands.ts";
import { CreateDispatchBody, DispatchQuery } from "../http/dispatches.ts";
import { ListQuery } from "../http/query.ts";
import { byCommand, type RouteDescription } from "./route-description.ts";

/** Agents and their work. */
export const dispatchRoutes: readonly RouteDescription[] = [
  {
    method: "get",
    path: "/api/agents",
    ...byCommand(listAgents),
    query: ListQuery,
    answer: { status: 200, schema: listAgents.reply },
  },
  {
    method: "get",
    path: "/api/agents/{id}",
    ...byCommand(getAgent),
    answer: { status: 200, schema: getAgent.reply },
  },
  {
    method: "post",
    path: "/api/dispatches",
    ...byCommand(createDispatch),
    body: CreateDispatchBody,
    answer: { status: 202, schema: createDispatch.reply },
  },
  {
    method: "get",
    path: "/api/dispatches/{id}",
    ...byCommand(getDispatch),
    query: DispatchQuery,
    answer: { status: 200, schema: getDispatch.reply },
  },
  {
    method: "delete",
    path: "/api/dispatches/{id}",
    ...byCommand(cancelDispatch),
    answer: { status: 200, schema: cancelDispatch.reply },
  },
];
