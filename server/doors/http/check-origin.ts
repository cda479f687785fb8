import type { Request, RequestHandler } from "express";
import type { Origins } from "../../connect/origins.ts";
import { refuse } from "./problems.ts";

/** How long a browser may cache the answer to a preflight. */
const preflightSeconds = 600;

/** Refuses pages of other origins, and allows listed ones to read the responses (CORS). SPEC CONN-5, HTTP-5. */
export function checkOrigin(origins: Origins): RequestHandler {
  return (request, response, next) => {
    const { origin } = request.headers;
    response.vary("Origin");
    const refusal = origins.refusalOf(request.headers);
    if (refusal !== undefined) {
      // Public files: a dashboard on a refused origin must load to show the reason. Its scripts send an origin.
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
