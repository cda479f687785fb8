import { dispatchRoutes } from "./dispatch-routes.ts";
import { eventRoutes } from "./event-routes.ts";
import { operationsRoutes } from "./operations-routes.ts";
import type { RouteDescription } from "./route-description.ts";
import { taskRoutes } from "./task-routes.ts";

/** The routes that are served, in the order in which the document has them. */
export const routes: readonly RouteDescription[] = [
  ...operationsRoutes,
  ...eventRoutes,
  ...taskRoutes,
  ...dispatchRoutes,
];
