import type { RequestHandler } from "express";
import { isOriginAllowed, type OriginPolicy } from "../../connect/origin.ts";
import { refuse } from "./problems.ts";

/** How long a browser may remember the answer to a preflight. */
const preflightSeconds = 600;

/** Refuses pages of other origins, and lets those that are allowed read the answers (CORS). SPEC CONN-5, HTTP-5. */
export function checkOrigin(origins: OriginPolicy): RequestHandler {
  return (request, response, next) => {
    const { origin, host } = request.headers;
    response.vary("Origin");
    if (!isOriginAllowed(origin, host, origins)) throw refuse("forbidden", `Origin ${String(origin)} is not allowed.`);
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
