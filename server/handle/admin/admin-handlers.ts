import { announcement } from "../../../shared/events/user-events.ts";
import { broadcastRoom } from "../../../shared/room.ts";
import type { AdminActions } from "../../operate/admin-actions.ts";
import type { EventTraces } from "../../operate/event-traces.ts";
import type { Publisher } from "../../publish/publisher.ts";
import { senderOf } from "../../session/principal.ts";
import type { Handlers } from "../handler.ts";
import { createOverviewHandlers, type OverviewHandlersDeps } from "./overview-handlers.ts";

interface AdminHandlersDeps extends OverviewHandlersDeps {
  publisher: Publisher;
  adminActions: AdminActions;
  traces: Pick<EventTraces, "start">;
  /** Writes an entry of the audit log: the action, the user and the target. */
  audit(what: string, details: object): void;
}

/** The commands of admins that change something. SPEC ADMIN-4 to ADMIN-6, NOTE-2. */
export function createAdminHandlers(deps: AdminHandlersDeps) {
  const { publisher, adminActions, traces, audit } = deps;
  return {
    ...createOverviewHandlers(deps),

    "admin.announce": async ({ message, level }, { principal }) => {
      const event = { room: broadcastRoom, sender: senderOf(principal), data: { message, level } };
      const published = await publisher.publish(announcement, event);
      audit("announced", { by: principal.userId, id: published.id, importance: level });
      return published;
    },

    "admin.disconnect": async ({ connectionId, userId, reason }, { principal }) => {
      let disconnected = 1;
      if (connectionId !== undefined) await adminActions.disconnect(connectionId);
      else if (userId !== undefined) disconnected = await adminActions.disconnectUser(userId);
      audit("disconnected by an admin", { by: principal.userId, connectionId, of: userId, reason, disconnected });
      return { disconnected };
    },

    "admin.trace": async ({ connectionId, room, seconds }, session) => {
      if (connectionId !== undefined) await adminActions.assertKnown(connectionId);
      const target = connectionId === undefined ? room && { room } : { connectionId };
      if (!target) throw new Error("The schema requires exactly one target.");
      const started = traces.start(session, target, seconds);
      audit("traced", { by: session.principal.userId, ...target, seconds });
      return started;
    },

    "admin.log_level": async ({ level }, { principal }) => {
      adminActions.setLogLevel(level);
      audit("log level changed", { by: principal.userId, to: level });
      return { level };
    },
  } satisfies Partial<Handlers<"/admin">>;
}
