import type { Request, RequestHandler } from "express";
import { LRUCache } from "lru-cache";
import type { z } from "zod";
import type { CommandData, CommandInput, CommandName } from "../../../shared/commands/catalogue.ts";
import { EventList, EventToPublish } from "../../../shared/http/events.ts";
import { oversizedPartOfBody, oversizedPartOfEvent, oversizedPartOfEvents } from "../../../shared/message-bytes.ts";
import { Rejection } from "../../../shared/rejection.ts";
import type { Reply } from "../../../shared/reply.ts";
import type { Role } from "../../../shared/role.ts";
import type { Connector } from "../../connect/connector.ts";
import type { Drain } from "../../connect/drain.ts";
import { headerToken } from "../../connect/header-token.ts";
import type { Origins } from "../../connect/origins.ts";
import { assertNotOversized, type Router as CommandRouter, invalidPayload } from "../../route/router.ts";
import { atMostItems } from "../../runtime/at-most-items.ts";
import { hasRole, type Principal } from "../../session/principal.ts";
import type { Session } from "../../session/session.ts";
import type { TokenBucket } from "../../session/token-bucket.ts";
import { bodyBytesOf } from "./read-body.ts";

export interface CallsDeps {
  connector: Connector;
  origins: Origins;
  drain: Drain;
  router: CommandRouter;
  /** `LIMIT_MESSAGE_BYTES` */
  bodyBytes: number;
}

const scopes = ["/chat", "http"] as const;
type Space = (typeof scopes)[number];

/** Users whose rate limits are kept. The least recent is dropped first; its bucket has refilled by then. */
const rememberedBuckets = 10_000;

/** Runs commands of programs without a connection, through the same router as those of other doors. */
export interface Calls {
  /**
   * A session for the principal of this request only. Command rates are counted per user across requests.
   * Without `roles` the command itself decides who may run it.
   */
  sessionOf(request: Request, roles?: readonly Role[]): Promise<Session>;

  /** For replies after a wait: rejects if the token was revoked meanwhile. */
  assertStillGood(session: Session): void;

  /** The body of a request. Throws `invalid_payload`, naming every fault, or `too_large`. */
  bodyOf<Schema extends z.ZodType>(schema: Schema, request: Request): z.output<Schema>;

  /** The events of a request's body: one, or a list. Throws as `bodyOf`. */
  eventsOf(request: Request): EventToPublish[];

  /** Resolves with the data of a good reply; rejects with the error of another. */
  run<N extends Space, C extends CommandName<N>>(
    session: Session,
    command: C,
    payload: CommandInput<N, C>,
  ): Promise<CommandData<N, C>>;
}

export function createCalls({ connector, origins, drain, router, bodyBytes }: CallsDeps): Calls {
  const buckets = new LRUCache<string, TokenBucket>(atMostItems(rememberedBuckets));
  /** The maximum sizes of requests with large bodies, in bytes. */
  const bytesOf = new WeakMap<Session, number>();

  function bucketOf(principal: Principal): TokenBucket {
    // Keyed by roles too: a backend's token has a higher limit than a token of the same user.
    const key = `${principal.userId} ${principal.roles.join(" ")}`;
    const bucket = buckets.get(key) ?? connector.createCommandBucket(principal);
    buckets.set(key, bucket);
    return bucket;
  }

  /** Then each part of the body has a limit too. */
  const isLarge = (request: Request) => bodyBytesOf(request) > bodyBytes;

  return {
    bodyOf(schema, request) {
      if (isLarge(request)) assertNotOversized(oversizedPartOfBody(schema, request.body, bodyBytes), bodyBytes);
      return parse(schema, request.body, "body");
    },

    eventsOf(request) {
      const { body } = request;
      // Parsed separately, since the faults of a union would name neither alternative.
      const isList = Array.isArray(body);
      const oversizedPart = isList ? oversizedPartOfEvents : oversizedPartOfEvent;
      if (isLarge(request)) assertNotOversized(oversizedPart(body, bodyBytes), bodyBytes);
      return isList ? parse(EventList, body, "body") : [parse(EventToPublish, body, "body")];
    },

    async sessionOf(request, roles) {
      drain.noteRequest();
      const principal = await connector.authenticate(headerToken(request, origins));
      if (roles && !hasRole(principal, ...roles)) {
        throw new Rejection("forbidden", `This requires one of the roles ${roles.join(", ")}.`);
      }
      const session = connector.createSession(principal, "http", ["/chat"], bucketOf(principal));
      const bytes = bodyBytesOf(request);
      if (bytes > bodyBytes) bytesOf.set(session, bytes);
      return session;
    },

    assertStillGood: ({ principal }) => connector.assertStillGood(principal),

    async run<N extends Space, C extends CommandName<N>>(session: Session, command: C, payload: CommandInput<N, C>) {
      let answer: Reply<unknown> | undefined;
      await router.handle({ session, command, payload, bytes: bytesOf.get(session) ?? 0, scopes }, (reply) => {
        answer = reply;
      });
      if (!answer?.ok)
        throw new Rejection(answer?.error.code ?? "internal", answer?.error.message ?? "", answer?.error.details);
      return answer.data as CommandData<N, C>;
    },
  };
}

/** Throws `Rejection("invalid_payload")`, naming every fault. */
export function parse<Schema extends z.ZodType>(schema: Schema, input: unknown, what: string): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw invalidPayload(`the ${what}`, parsed.error);
  return parsed.data;
}

/** Refuses the methods that a route does not have. */
export function onlyWith(...methods: string[]): RequestHandler {
  return (request, response) => {
    response.set("Allow", methods.join(", "));
    throw new Rejection("not_found", `${request.method} is not supported here; use ${methods.join(" or ")}.`);
  };
}
