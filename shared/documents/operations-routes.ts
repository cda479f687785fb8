import { z } from "zod";
import { revoke } from "../commands/http-commands.ts";
import { Health, Readiness } from "../http/health.ts";
import { RevocationBody } from "../http/revocations.ts";
import { LogoutBody, SessionAnswer, SignInProviders } from "../http/session.ts";
import { WebsocketStatus } from "../http/websocket-status.ts";
import { byCommand, type RouteDescription } from "./route-description.ts";

const Document = z.looseObject({}).describe("The document.");

/** The state of the server, and the identity of those who use it. */
export const operationsRoutes: readonly RouteDescription[] = [
  {
    method: "get",
    path: "/healthz",
    description: "Whether the process answers.",
    who: "anyone",
    answer: { status: 200, schema: Health },
  },
  {
    method: "get",
    path: "/readyz",
    description: "Whether new clients may be sent to this instance; 503 where they may not.",
    who: "anyone",
    answer: { status: 200, schema: Readiness },
  },
  {
    method: "get",
    path: "/metrics",
    description: "The numbers of this server for Prometheus; of all workers behind the port.",
    who: "metrics",
    answer: { status: 200, text: true },
  },
  {
    method: "get",
    path: "/api/websocket/status",
    description: "Whether the server takes clients, and how many it has, over all instances.",
    who: "anyone",
    answer: { status: 200, schema: WebsocketStatus },
  },
  {
    method: "get",
    path: "/api/openapi.json",
    description: "The HTTP routes as an OpenAPI 3.1 document.",
    who: "anyone",
    answer: { status: 200, schema: Document },
  },
  {
    method: "get",
    path: "/api/asyncapi.json",
    description: "Commands, events and messages as an AsyncAPI 3 document.",
    who: "anyone",
    answer: { status: 200, schema: Document },
  },
  {
    method: "post",
    path: "/api/session",
    description:
      "Begins a cookie session that stands for the token of the request. With the cookie of a session of the same user it renews that one.",
    who: "token",
    answer: { status: 201, schema: SessionAnswer },
  },
  {
    method: "get",
    path: "/api/session",
    description: "Whose token or cookie session it is; `null` where nobody is signed in.",
    who: "anyone",
    answer: { status: 200, schema: SessionAnswer.nullable() },
  },
  {
    method: "get",
    path: "/api/session/providers",
    description: "The OpenID providers at which a page may let people sign in.",
    who: "anyone",
    answer: { status: 200, schema: SignInProviders },
  },
  {
    method: "delete",
    path: "/api/session",
    description: "Ends the cookie session and its connections.",
    who: "token",
    answer: { status: 204 },
  },
  {
    method: "post",
    path: "/api/oidc/backchannel-logout",
    description:
      "Ends the session that the logout token names, or all sessions of its user (OpenID Connect Back-Channel Logout 1.0). 400 for anything but a good logout token. Served when `OIDC_CLIENT_ID` is set.",
    who: "provider",
    body: LogoutBody,
    isForm: true,
    answer: { status: 200 },
  },
  {
    method: "post",
    path: "/api/revocations",
    ...byCommand(revoke),
    body: RevocationBody,
    answer: { status: 201, schema: revoke.reply },
  },
];
