import { RevocationAnswer, RevocationBody } from "../http/revocations.ts";
import { SessionAnswer, SignInProviders } from "../http/session.ts";
import { WebsocketStatus } from "../http/websocket-status.ts";
import type { RouteDescription } from "./route-description.ts";

/** What the server is doing, who one is, and whose tokens are good no more. */
export const operationsRoutes: readonly RouteDescription[] = [
  {
    method: "get",
    path: "/metrics",
    summary: "What this server does, as Prometheus reads it; of all workers behind the port",
    who: "metrics",
    answer: { status: 200, text: true },
  },
  {
    method: "get",
    path: "/api/websocket/status",
    summary: "Whether the server takes clients, and how many it has, over all instances",
    who: "anyone",
    answer: { status: 200, schema: WebsocketStatus },
  },
  {
    method: "post",
    path: "/api/session",
    summary: "Begins a cookie session that stands for the token of the request",
    who: "token",
    answer: { status: 201, schema: SessionAnswer },
  },
  {
    method: "get",
    path: "/api/session",
    summary: "Who one is, by token or cookie session; null where nobody is signed in",
    who: "anyone",
    answer: { status: 200, schema: SessionAnswer.nullable() },
  },
  {
    method: "get",
    path: "/api/session/providers",
    summary: "The OpenID providers that a page may send people to, to sign in",
    who: "anyone",
    answer: { status: 200, schema: SignInProviders },
  },
  {
    method: "delete",
    path: "/api/session",
    summary: "Ends the cookie session, and its connections",
    who: "token",
    answer: { status: 204 },
  },
  {
    method: "post",
    path: "/api/revocations",
    summary: "Refuses all tokens of a user up to now, those of a session, or one",
    who: ["admin"],
    body: RevocationBody,
    answer: { status: 201, schema: RevocationAnswer },
  },
];
