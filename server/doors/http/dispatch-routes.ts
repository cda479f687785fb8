import type { IRouter } from "express";
import { CreateDispatchBody, DispatchQuery } from "../../../shared/http/dispatches.ts";
import { ListQuery } from "../../../shared/http/query.ts";
import { AgentId, MessageId } from "../../../shared/ids.ts";
import type { Role } from "../../../shared/role.ts";
import { type Calls, onlyWith, parse } from "./calls.ts";

const readers: readonly Role[] = ["monitor", "admin", "service"];
const dispatchers: readonly Role[] = ["service", "admin"];

/** Agents and dispatches. */
export function addDispatchRoutes(routes: IRouter, { calls: { sessionOf, run, bodyOf } }: { calls: Calls }): void {
  const messageIdOf = ({ id }: { id: string }) => parse(MessageId, id, "path");

  routes.get("/agents", async (request, response) => {
    const session = await sessionOf(request, readers);
    response.json(await run<"http", "list_agents">(session, "list_agents", parse(ListQuery, request.query, "query")));
  });

  routes.get("/agents/:id", async (request, response) => {
    const session = await sessionOf(request, readers);
    const agentId = parse(AgentId, request.params.id, "path");
    response.json(await run<"http", "get_agent">(session, "get_agent", { agentId }));
  });

  routes.post("/dispatches", async (request, response) => {
    const session = await sessionOf(request, dispatchers);
    const body = bodyOf(CreateDispatchBody, request);
    const created = await run<"http", "create_dispatch">(session, "create_dispatch", body);
    response.status(202).location(`/api/dispatches/${created.messageId}`).json(created);
  });

  routes.get("/dispatches/:id", async (request, response) => {
    const session = await sessionOf(request, dispatchers);
    const messageId = messageIdOf(request.params);
    const { wait } = parse(DispatchQuery, request.query, "query");
    const dispatch = await run<"http", "get_dispatch">(session, "get_dispatch", { messageId, wait });
    response.set("Cache-Control", "no-store").json(dispatch);
  });

  routes.delete("/dispatches/:id", async (request, response) => {
    const session = await sessionOf(request, dispatchers);
    const messageId = messageIdOf(request.params);
    response.json(await run<"http", "cancel_dispatch">(session, "cancel_dispatch", { messageId }));
  });

  routes.all(["/agents", "/agents/:id"], onlyWith("GET"));
  routes.all("/dispatches", onlyWith("POST"));
  routes.all("/dispatches/:id", onlyWith("GET", "DELETE"));
}
