import type { z } from "zod";
import type { AnyCommand } from "../commands/define-command.ts";
import type { Role } from "../role.ts";

/**
 * `anyone`: without a token. `token`: any token. `reader`: as for the rooms that are read. `metrics`: with
 * `METRICS_TOKEN`. `provider`: an OpenID provider, whose token is in the body.
 */
export type RouteAudience = readonly Role[] | "anyone" | "token" | "reader" | "metrics" | "provider";

/** A route, for the documents. */
export interface RouteDescription {
  method: "get" | "post" | "patch" | "delete";
  /** With `{…}` where a path has an id. */
  path: string;
  /** What it does; its first sentence is the summary. */
  description: string;
  who: RouteAudience;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** The body is an HTML form, and not JSON. */
  isForm?: true;
  /** Without a schema the answer is empty, or `text`. */
  answer: { status: 200 | 201 | 202 | 204; schema?: z.ZodType; text?: true; alsoEventStream?: true };
}

/** What a command with roles says of its route. */
export function byCommand({ description, roles }: AnyCommand): Pick<RouteDescription, "description" | "who"> {
  return { description, who: roles ?? "reader" };
}
