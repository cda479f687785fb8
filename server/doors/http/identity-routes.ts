import express, { type CookieOptions, type IRouter, type Request, type Response } from "express";
import { RevocationBody } from "../../../shared/http/revocations.ts";
import {
  LogoutBody,
  type SessionAnswer,
  type SignInProvider,
  type SignInProviders,
} from "../../../shared/http/session.ts";
import { Rejection } from "../../../shared/rejection.ts";
import type { CookieSessions } from "../../access/cookie-sessions.ts";
import type { BackChannelLogout } from "../../access/oidc/back-channel-logout.ts";
import { bearerToken } from "../../connect/bearer-token.ts";
import { cookieToken, headerToken, sessionCookie } from "../../connect/header-token.ts";
import type { Origins } from "../../connect/origins.ts";
import { timestampAt } from "../../runtime/clock.ts";
import type { Principal } from "../../session/principal.ts";
import type { Session } from "../../session/session.ts";
import { type Calls, onlyWith } from "./calls.ts";

export interface IdentityRoutesDeps {
  calls: Calls;
  origins: Origins;
  cookieSessions: CookieSessions;
  /** Whether browsers send the cookie over encrypted connections only. */
  secureCookie: boolean;
  /** The path for which browsers send the cookie. */
  cookiePath: string;
  /** Providers that pages offer for signing in. */
  providers: readonly SignInProvider[];
  /** `undefined`: back-channel logout is not configured. */
  backChannelLogout: BackChannelLogout | undefined;
}

/** The size of a form with one token. */
const logoutBytes = 32 * 1024;

/** Cookie sessions, revocations and back-channel logout. SPEC SESSION-1 to SESSION-4, REVOKE-1, OIDC-7. */
export function addIdentityRoutes(routes: IRouter, deps: IdentityRoutesDeps): void {
  const { calls, origins, cookieSessions, providers, secureCookie, cookiePath, backChannelLogout } = deps;
  const cookie: CookieOptions = { httpOnly: true, sameSite: "lax", secure: secureCookie, path: cookiePath };
  /** A session for the principal of the request's own token. */
  async function authenticated(request: Request): Promise<Session> {
    const session = await calls.sessionOf(request);
    const retryAfterMs = session.commands.take();
    if (retryAfterMs === 0) return session;
    throw new Rejection("rate_limited", `Too many requests; the next is possible in ${retryAfterMs} ms.`, {
      retryAfterMs,
    });
  }
  /** The session cookie, if the request comes from an allowed origin. */
  const ownCookie = ({ method, headers }: Request) => {
    const { authorization: _, ...others } = headers;
    return headerToken({ method, headers: others }, origins);
  };
  const forgetCookie = (response: Response) => response.clearCookie(sessionCookie, cookie);

  routes.post("/session", async (request, response) => {
    if (bearerToken(request.headers.authorization) === undefined)
      throw new Rejection("unauthenticated", "Opening a session requires a token: Authorization: Bearer.");
    const { principal } = await authenticated(request);
    if (principal.cookieSession !== undefined)
      throw new Rejection("forbidden", "Opening a session requires a token that does not belong to a session.");
    const secret = await cookieSessions.begin(principal, ownCookie(request));
    response.cookie(sessionCookie, secret, { ...cookie, expires: new Date(principal.expiresAt) });
    response.status(201).set("Cache-Control", "no-store").json(answerOf(principal));
  });

  routes.delete("/session", async (request, response) => {
    const secret = ownCookie(request);
    // The request has the cookie, but comes from another origin or does not state its origin.
    if (secret === undefined && cookieToken(request.headers.cookie) !== undefined)
      throw new Rejection("forbidden", "A session can only be ended by a page of an allowed origin.");
    if (secret === undefined) await authenticated(request);
    // Also for sessions that have ended or never existed, so that the cookie is cleared.
    else await cookieSessions.end(secret);
    forgetCookie(response).status(204).end();
  });

  routes.get("/session", async (request, response) => {
    response.set("Cache-Control", "no-store");
    const session = await authenticated(request).catch((error: unknown) => {
      // Every page requests this when it opens: being signed out is an answer, not an error.
      const isSignedOut = error instanceof Rejection && error.error.code === "unauthenticated";
      if (isSignedOut && bearerToken(request.headers.authorization) === undefined) return undefined;
      throw error;
    });
    response.json(session ? answerOf(session.principal) : null);
  });
  routes.get("/session/providers", (_request, response) => {
    const answer: SignInProviders = { providers: [...providers] };
    response.json(answer);
  });
  routes.all("/session/providers", onlyWith("GET"));
  routes.all("/session", onlyWith("GET", "POST", "DELETE"));

  routes.post("/revocations", async (request, response) => {
    const session = await calls.sessionOf(request, ["admin"]);
    const body = calls.bodyOf(RevocationBody, request);
    response.status(201).json(await calls.run<"http", "revoke">(session, "revoke", body));
  });
  routes.all("/revocations", onlyWith("POST"));

  if (backChannelLogout) {
    const form = express.urlencoded({ extended: false, limit: logoutBytes });
    routes.post("/oidc/backchannel-logout", form, async (request, response) => {
      const { logout_token: token } = calls.bodyOf(LogoutBody, request);
      response.set("Cache-Control", "no-store");
      await backChannelLogout(token).catch((error: unknown) => {
        // The standard prescribes 400 for every fault.
        const isRefused = error instanceof Rejection && error.error.code === "unauthenticated";
        throw isRefused ? new Rejection("invalid_payload", error.message) : error;
      });
      response.status(200).end();
    });
    routes.all("/oidc/backchannel-logout", onlyWith("POST"));
  }
}

function answerOf({ userId, name, roles, expiresAt }: Principal): SessionAnswer {
  return { userId, name, roles: [...roles], expiresAt: timestampAt(expiresAt) };
}
