import type { Orders } from "../../admin/orders.ts";
import type { Publisher } from "../../publish/publisher.ts";
import type { Handlers } from "../handler.ts";
import { createAnnounce } from "./announce.ts";
import { createOverviewHandlers, type OverviewHandlersDeps } from "./overview-handlers.ts";

/** Writes down who has done what. */
export type Audit = (what: string, details: object) => void;

export interface AdminHandlersDeps extends OverviewHandlersDeps {
  publisher: Publisher;
  orders: Orders;
  audit: Audit;
}

/** What admins do. SPEC ADMIN-4 to ADMIN-6, NOTE-2. */
export function createAdminHandlers(deps: AdminHandlersDeps) {
  const { orders, audit } = deps;
  return {
    ...createOverviewHandlers(deps),
    "admin.announce": createAnnounce(deps),

    "admin.disconnect": async ({ connectionId, userId, reason }, { principal }) => {
      let disconnected = 1;
      if (connectionId !== undefined) await orders.disconnect(connectionId);
      else if (userId !== undefined) disconnected = await orders.disconnectUser(userId);
      audit("disconnected by an admin", { by: principal.userId, connectionId, of: userId, reason, disconnected });
      return { disconnected };
    },

    "admin.log_level": async ({ level }, { principal }) => {
      orders.setLogLevel(level);
      audit("log level changed", { by: principal.userId, to: level });
      return { level };
    },
  } satisfies Partial<Handlers<"/admin">>;
}
