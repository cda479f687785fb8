import express, { type Express, Router } from "express";
import helmet from "helmet";
import type { Drain } from "../../connect/drain.ts";
import type { Origins } from "../../connect/origins.ts";
import type { Spans } from "../../observe/spans.ts";
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
import { spanRequests } from "./span-requests.ts";
import { addTaskRoutes } from "./task-routes.ts";

export interface AppDeps
  extends CallsDeps,
    Omit<CommandRoutesDeps & EventRoutesDeps & IdentityRoutesDeps, "calls">,
    OperationsRoutesDeps,
    ProblemHandlerDeps {
  drain: Drain;
  /** `undefined`: no traces are kept. */
  spans: Spans | undefined;
  origins: Origins;
  /** Number of proxies in front. */
  trustProxy: number;
  /** Bytes of a request's body. */
  bodyBytes: number;
  /** Levels of JSON in a request's body. */
  jsonDepth: number;
  /** What the dashboard is told of the server; `undefined`: there is none. */
  dashboard: Omit<DashboardOptions, "providers"> | undefined;
}

/** The HTTP door. */
export function createApp(deps: AppDeps): Express {
  const app = express();
  app.set("trust proxy", deps.trustProxy);
  app.set("x-powered-by", false);
  // A digest of every answer, for clients that hardly ever ask the same again. Files have their own.
  app.set("etag", false);
  app.set("query parser", "simple");
  app.use(helmet({ contentSecurityPolicy: { directives: contentSecurityPolicy } }));
  app.use(checkOrigin(deps.origins));
  app.use((_request, response, next) => {
    // Or a proxy would send the next request by a connection that is about to end.
    if (deps.drain.started) response.set("Connection", "close");
    next();
  });
  addOperationsRoutes(app, deps);
  addDocumentRoutes(app);
  app.use("/api", createApi(deps));
  if (deps.dashboard) {
    const providers = deps.providers.map(({ issuer }) => issuer);
    app.use(createDashboard({ ...deps.dashboard, providers }));
  }
  app.use((request) => {
    throw refuse("not_found", `There is nothing at ${request.method} ${request.path}.`);
  });
  app.use(problemHandler(deps));
  return app;
}

/** One router for all of it: every router within another is a way to be gone for each request. */
function createApi(deps: AppDeps): Router {
  const api = Router();
  if (deps.spans) api.use(spanRequests(deps.spans));
  api.use(express.json({ limit: deps.bodyBytes }), (request, _response, next) => {
    // Before any schema sees it: a schema leaves `__proto__` out without a word, and goes as deep as the body does.
    inspectJson(request.body, deps.jsonDepth);
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

/** Of answers that are no page; the dashboard has its own. */
const contentSecurityPolicy = {
  defaultSrc: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
  upgradeInsecureRequests: null,
};
