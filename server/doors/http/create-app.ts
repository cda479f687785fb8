import express, { type Express, Router } from "express";
import helmet from "helmet";
import { problemOf } from "../../../shared/http/problem.ts";
import { replyError } from "../../../shared/reply.ts";
import type { Drain } from "../../connect/drain.ts";
import type { Origins } from "../../connect/origins.ts";
import type { Spans } from "../../observe/spans.ts";
import { assertExact } from "../../route/exact-json.ts";
import { inspectJson } from "../../route/inspect-json.ts";
import { type CallsDeps, createCalls } from "./calls.ts";
import { checkOrigin } from "./check-origin.ts";
import { addCommandRoutes, type CommandRoutesDeps } from "./command-routes.ts";
import { createDashboard, type DashboardOptions } from "./dashboard.ts";
import { addDispatchRoutes } from "./dispatch-routes.ts";
import { addDocumentRoutes } from "./document-routes.ts";
import { addEventRoutes, type EventRoutesDeps } from "./event-routes.ts";
import { addIdentityRoutes, type IdentityRoutesDeps } from "./identity-routes.ts";
import { addOperationsRoutes, type OperationsRoutesDeps } from "./operations-routes.ts";
import { type ProblemHandlerDeps, problemHandler, refuse } from "./problems.ts";
import { bodyTextOf, type ReadBodyDeps, readBody } from "./read-body.ts";
import { spanRequests } from "./span-requests.ts";
import { addTaskRoutes } from "./task-routes.ts";

interface AppDeps
  extends CallsDeps,
    Omit<CommandRoutesDeps & EventRoutesDeps & IdentityRoutesDeps, "calls">,
    OperationsRoutesDeps,
    ProblemHandlerDeps,
    ReadBodyDeps {
  drain: Drain;
  /** `undefined`: no spans are recorded. */
  spans: Spans | undefined;
  origins: Origins;
  /** Number of proxies in front. */
  trustProxy: number;
  /** Levels of JSON in a request's body. */
  jsonDepth: number;
  /** Options of the dashboard; `undefined`: there is no dashboard. */
  dashboard: Omit<DashboardOptions, "providers"> | undefined;
}

/** The HTTP door: API, documents, operations and dashboard. */
export function createApp(deps: AppDeps): Express {
  const app = express();
  app.set("trust proxy", deps.trustProxy);
  app.set("x-powered-by", false);
  // A digest of every response, for clients that rarely repeat a request, is not worth its cost. Files have their own.
  app.set("etag", false);
  app.set("query parser", "simple");
  app.use(helmet({ contentSecurityPolicy: { directives: contentSecurityPolicy } }));
  app.use(checkOrigin(deps.origins));
  app.use((_request, response, next) => {
    // Otherwise a proxy would reuse a connection that is about to end.
    if (deps.drain.started) response.set("Connection", "close");
    next();
  });
  // A cache in between must not give one user's answer to another. Files of the dashboard set their own.
  app.use(["/api", "/healthz", "/readyz", "/metrics"], (_request, response, next) => {
    response.set("Cache-Control", "no-store").vary("Authorization").vary("Cookie").vary("Accept");
    next();
  });
  addOperationsRoutes(app, deps);
  addDocumentRoutes(app);
  app.use("/api", createApi(deps));
  if (deps.dashboard) {
    const providers = deps.providers.map(({ issuer }) => issuer);
    app.use(createDashboard({ ...deps.dashboard, providers }));
  }
  app.use(["/ws", "/ws/agent-bridge"], (_request, response) => {
    const message = "Connect with a WebSocket here. If you do, a proxy in between does not pass on the Upgrade header.";
    const problem = { ...problemOf(replyError("invalid_payload", message)), status: 426 };
    response.status(426).set({ Upgrade: "websocket", Connection: "Upgrade" });
    response.type("application/problem+json").send(JSON.stringify(problem));
  });
  app.use((request) => {
    throw refuse("not_found", `There is nothing at ${request.method} ${request.path}.`);
  });
  app.use(problemHandler(deps));
  return app;
}

/** A single router, since each nested router allocates for every request. */
function createApi(deps: AppDeps): Router {
  const api = Router();
  if (deps.spans) api.use(spanRequests(deps.spans));
  api.use(readBody(deps), (request, _response, next) => {
    // Before any schema: schemas silently drop `__proto__`, and recurse as deep as the body.
    const fields = inspectJson(request.body, deps.jsonDepth);
    if (request.body !== undefined) assertExact(bodyTextOf(request), fields);
    next();
  });
  const parts = { ...deps, calls: createCalls(deps) };
  addDispatchRoutes(api, parts);
  addCommandRoutes(api, parts);
  addEventRoutes(api, parts);
  addTaskRoutes(api, parts);
  addIdentityRoutes(api, parts);
  return api;
}

/** For responses other than pages; the dashboard sets its own. */
const contentSecurityPolicy = {
  defaultSrc: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
  upgradeInsecureRequests: null,
};
