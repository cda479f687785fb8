import type { z } from "zod";
import { ServerStats } from "./entities/server-stats.ts";
import { TraceStep } from "./entities/trace.ts";

/** What the server says in `/admin` without being asked each time; every name with the shape of its one argument. */
export const adminMessages = {
  /** Every 2 s, to everybody in the namespace. */
  "admin.stats": ServerStats,
  /** To the connection that asked for the trace, until its time is over. */
  "admin.trace": TraceStep,
} as const;

export type AdminMessageName = keyof typeof adminMessages;
export type AdminMessageData<Name extends AdminMessageName> = z.output<(typeof adminMessages)[Name]>;
