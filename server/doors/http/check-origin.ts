import type { Request, RequestHandler } from "express";
import type { Origins } from "../../connect/origins.ts";
import { refuse } from "./problems.ts";

/** How long a browser may remember the answer to a preflight. */
const preflightSeconds = 600;

/** Refuses pages of other origins, and lets those that are allowed read the answers (CORS). SPEC CONN-5, HTTP-5. */
export function checkOrigin(origins: Origins): RequestHandler {
  return (request, response, next) => {
    const { origin } = request.headers;
    response.vary("Origin");
    const refusal = origins.refusalOf(request.headers);
    if (refusal !== undefined) {
      // Public files: the dashboard is to load where it is refused, or it could not say why. Its scripts have an origin.
      if (isAsset(request)) return next();
      throw refuse("forbidden", refusal);
    }
    if (origin !== undefined)
      response.set({ "Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true" });
    if (request.method !== "OPTIONS") return next();
    response
      .vary("Access-Control-Request-Headers")
      .set({
        "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
        "Access-Control-Allow-Headers": request.get("Access-Control-Request-Headers") ?? "",
        "Access-Control-Max-Age": String(preflightSeconds),
      })
      .status(204)
      .end();
  };
}

function isAsset({ method, path }: Request): boolean {
  return (method === "GET" || method === "HEAD") && path.startsWith("/assets/");
}
