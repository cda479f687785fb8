import type { EventsAnswer } from "../../shared/http/events.ts";
import type { SessionAnswer } from "../../shared/http/session.ts";
import type { Namespace } from "../../shared/namespace.ts";
import type { Position } from "../../shared/position.ts";
import type { Reply, ReplyError } from "../../shared/reply.ts";
import type { Environment } from "../connection/environment.ts";
import { notOverHttp, routeOf } from "./http-commands.ts";
import { createHttpPolls, type PollTarget } from "./http-polls.ts";
import { createHttpRequests, type HttpAnswer } from "./http-requests.ts";
import type { Link, Transport } from "./transport.ts";

interface HttpTransportOptions {
  url: string;
  environment: Environment;
  openTimeoutMs: number;
}

interface JoinPayload {
  room?: string;
  id?: string;
  topics?: string[];
  types?: string[];
  after?: Position;
  limit: number;
}

/**
 * Fallback for networks that block WebSockets: a long poll for each room and subscription, and a request for each
 * command that has a route.
 */
export function createHttpTransport({ url, environment, openTimeoutMs }: HttpTransportOptions): Transport {
  return {
    open({ token }, listener) {
      const requests = createHttpRequests({ url, token, environment, timeoutMs: openTimeoutMs });
      const polls = createHttpPolls(requests, environment, { page, refused, lost });
      let isOver = false;

      function finish(notify?: () => void): void {
        if (isOver) return;
        isOver = true;
        polls.close();
        notify?.();
      }

      function page({ topics }: PollTarget, answer: EventsAnswer): void {
        const namespace = namespaceOfTopics(topics);
        if (answer.recovered === false) {
          const [first] = answer.events;
          const { epoch, offset } = first ? { ...first.position, offset: first.position.offset - 1 } : answer.position;
          const reset = { room: logOf(topics), position: { epoch, offset }, reason: answer.lostReason ?? "trimmed" };
          listener.message(namespace, "system.room.reset", reset);
        }
        for (const event of [...answer.events, ...(answer.latest ?? [])])
          listener.message(namespace, event.type, event);
      }

      function refused({ topics }: PollTarget): void {
        const left = { room: topics, reason: "removed" };
        listener.message(namespaceOfTopics(topics), "system.room.left", left);
      }

      function lost(error: { code: string } | undefined): void {
        finish(() => listener.dropped(error && isTokenError(error) ? { reason: "token_expired" } : {}));
      }

      async function join(namespace: Namespace, payload: JoinPayload): Promise<Reply<unknown>> {
        const { room, id, after, limit } = payload;
        const key = id ?? room ?? "";
        const target: PollTarget = { topics: payload.topics?.join(",") ?? key, types: payload.types?.join(",") };
        polls.stop(key);
        const place = after && `${after.epoch}:${after.offset}`;
        const answer = await requests.get("/api/events", { ...target, after: place, limit: String(limit) });
        if (answer.kind !== "ok") return errorReply(answer);
        const answered = answer.body as EventsAnswer;
        if (!answered.hasMore || !after) polls.start(key, target, answered.position);
        const noMembers = namespace === "/chat" ? { members: [], memberCount: 0 } : {};
        return { ok: true, data: { room, id, ...answered, joined: !answered.hasMore || !after, ...noMembers } };
      }

      async function run(namespace: Namespace, name: string, payload: unknown): Promise<Reply<unknown>> {
        if (name === "join_room" || name === "subscribe") return join(namespace, payload as JoinPayload);
        if (name === "leave_room" || name === "unsubscribe") {
          const { room, id } = payload as JoinPayload;
          polls.stop(id ?? room ?? "");
          return { ok: true, data: {} };
        }
        const route = namespace === "/chat" ? routeOf(name) : undefined;
        if (!route) return { ok: false, error: notOverHttp };
        const answer = await route(requests, payload as Record<string, unknown>);
        return answer.kind === "ok" ? { ok: true, data: answer.body } : errorReply(answer);
      }

      const link: Link = {
        via: "http",
        command(namespace, name, payload, answer) {
          if (isOver) return;
          void run(namespace, name, payload).then((reply) => {
            if (!isOver) answer(reply);
          });
        },
        close: () => finish(),
      };

      void requests.get("/api/session", {}).then((answer) => {
        if (isOver) return;
        if (answer.kind === "unreachable") return finish(() => listener.failed("The server does not answer over HTTP"));
        if (answer.kind === "ok") {
          const who = answer.body as SessionAnswer | null;
          if (!who) return finish(() => listener.refused(notSignedIn));
          return listener.opened({
            connectionId: `http-${environment.random().toString(36).slice(2)}`,
            userId: who.userId,
          });
        }
        // Other permanent errors, such as a missing route, concern HTTP and not the client.
        const isRefusal = answer.error.retryable || isTokenError(answer.error);
        finish(() => (isRefusal ? listener.refused(answer.error) : listener.failed(answer.error.message)));
      });
      return link;
    },
  };
}

const notSignedIn: ReplyError = { code: "unauthenticated", message: "Not signed in.", retryable: false };

/** A missing answer is a retryable error. */
function errorReply(answer: Exclude<HttpAnswer, { kind: "ok" }>): Reply<unknown> {
  if (answer.kind === "error") return { ok: false, error: answer.error };
  return { ok: false, error: { code: "timeout", message: "The server does not answer over HTTP.", retryable: true } };
}

function isTokenError({ code }: { code: string }): boolean {
  return code === "token_expired" || code === "unauthenticated";
}

const chatRoom = /^(conversation:|user:|broadcast$|ui$)/;

function namespaceOfTopics(topics: string): Namespace {
  return chatRoom.test(topics) ? "/chat" : "/monitoring";
}

function logOf(topics: string): string {
  return chatRoom.test(topics) ? topics : "monitoring";
}
