import type { z } from "zod";
import { ServerStats } from "./entities/server-stats.ts";
import { TraceStep } from "./entities/trace.ts";

/** What the server sends in `/admin` beside the `system.*` messages: the name, and the shape of the one argument. */
export const adminMessages = {
  "admin.stats": ServerStats.describe("Sent every 2 s to every connection of the namespace."),
  "admin.trace": TraceStep.describe("Sent to the connection that asked for the trace, until `until`."),
} as const;

export type AdminMessageName = keyof typeof adminMessages;
export type AdminMessageData<Name extends AdminMessageName> = z.output<(typeof adminMessages)[Name]>;
