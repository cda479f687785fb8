import type { ReplyError } from "../../shared/reply.ts";
import type { HttpAnswer, HttpRequests } from "./http-requests.ts";

type Payload = Record<string, unknown>;

/** Commands of `/chat` that have an HTTP route. Other commands wait for a WebSocket. */
const routes: Record<string, (requests: HttpRequests, payload: Payload) => Promise<HttpAnswer>> = {
  chat_message: (requests, { conversationId, ...body }) => requests.post(`${pathOf(conversationId)}/messages`, body),
  "conversation.create": (requests, body) => requests.post("/api/conversations", body),
  "conversation.add_members": (requests, { conversationId, ...body }) =>
    requests.post(`${pathOf(conversationId)}/members`, body),
  "conversation.list": async (requests, { cursor, limit }) => {
    const answer = await requests.get("/api/conversations", { cursor: textOf(cursor), limit: textOf(limit) });
    if (answer.kind !== "ok") return answer;
    const { items, nextCursor } = answer.body as { items: unknown; nextCursor: unknown };
    return { kind: "ok", body: { conversations: items, nextCursor } };
  },
};

export function routeOf(command: string) {
  return Object.hasOwn(routes, command) ? routes[command] : undefined;
}

export const notOverHttp: ReplyError = {
  code: "unavailable",
  message: "This command needs a WebSocket, and there is none at the moment.",
  retryable: true,
};

function pathOf(conversationId: unknown): string {
  return `/api/conversations/${encodeURIComponent(String(conversationId))}`;
}

function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value);
}
