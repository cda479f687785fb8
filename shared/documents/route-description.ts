import type { z } from "zod";
import type { Role } from "../role.ts";

/** A route as the HTTP document shows it. */
export interface RouteDescription {
  method: "get" | "post" | "patch" | "delete";
  /** With `{…}` where a path has an id. */
  path: string;
  summary: string;
  /** `anyone`: without a token. `token`: any token. `reader`: as for the rooms that are read. `metrics`: whoever has `METRICS_TOKEN`. */
  who: readonly Role[] | "anyone" | "token" | "reader" | "metrics";
  query?: z.ZodObject;
  body?: z.ZodType;
  answer:
    | { status: 200 | 201 | 202; schema: z.ZodType; alsoEventStream?: true }
    | { status: 204 }
    | { status: 200; text: true };
}
