import type { z } from "zod";
import { adminMessages } from "./admin-messages.ts";
import { CancelMessage, DispatchAcceptance, DispatchMessage } from "./agent-messages.ts";
import type { Namespace } from "./namespace.ts";

export interface NamespaceMessage {
  /** The one argument. */
  data: z.ZodType;
  /** The client's acknowledgement, where there is one. */
  reply?: z.ZodType;
}

/** Messages of the server that one namespace has, beside events and `system.*` messages. */
export const namespaceMessages: Readonly<Record<Namespace, Readonly<Record<string, NamespaceMessage>>>> = {
  "/chat": { cancel: { data: CancelMessage } },
  "/monitoring": {},
  "/agents": {
    dispatch: { data: DispatchMessage, reply: DispatchAcceptance },
    cancel: { data: CancelMessage },
  },
  "/admin": {
    "admin.stats": { data: adminMessages["admin.stats"] },
    "admin.trace": { data: adminMessages["admin.trace"] },
  },
};
