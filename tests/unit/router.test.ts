import { beforeEach, describe, expect, it } from "@jest/globals";
import type { Handler } from "../../server/handle/handler.ts";
import { createLogger } from "../../server/observe/logger.ts";
import { type Middleware, Router } from "../../server/route/router.ts";
import { DeferredReply } from "../../server/session/deferred-reply.ts";
import type { PublishedReply } from "../../shared/commands/fields.ts";
import { Rejection } from "../../shared/rejection.ts";
import type { Reply } from "../../shared/reply.ts";
import { deferred } from "../support/deferred.ts";
import { createTestSession, principalOf, type TestSession } from "../support/test-session.ts";
import { eventually } from "../support/within.ts";

const messageBytes = 1_024;
const jsonDepth = 8;

/** `chat_message` into a conversation. */
const message = (conversationId: string, message = "hello") => ({ conversationId, message });

const published = (id: string) => ({
  id,
  position: { epoch: "e1", offset: 1 },
  timestamp: "2024-01-01T00:00:00.000Z",
  duplicate: false,
});

type SendMessage = Handler<"/chat", "chat_message">;
const done: SendMessage = async ({ message }) => published(message) as Awaited<ReturnType<SendMessage>>;

describe("the router", () => {
  let test: TestSession;
  let lines: string[];

  beforeEach(() => {
    test = createTestSession();
    lines = [];
  });

  function createRouter(...middleware: Middleware[]): Router {
    const logger = createLogger({ level: "info", format: "json", write: (line) => lines.push(line) });
    return new Router({ middleware, messageBytes, jsonDepth, logger });
  }

  /** All replies that the call got. */
  async function replies(router: Router, command: unknown, payload: unknown, bytes = 100): Promise<Reply<unknown>[]> {
    const replies: Reply<unknown>[] = [];
    await router.handle({ session: test.session, command, payload, bytes }, (reply) => replies.push(reply));
    return replies;
  }

  const rejected = (code: string, details?: unknown) => [
    { ok: false, error: expect.objectContaining({ code, ...(details === undefined ? {} : { details }) }) },
  ];

  it("ROUTE-1 a command gets one reply, with the data of its handler", async () => {
    const router = createRouter();
    router.register("/chat", "chat_message", done);

    const got = await replies(router, "chat_message", message("42"));

    expect(got).toEqual([{ ok: true, data: published("hello") }]);
    expect(test.sent).toEqual([]);
  });

  it("ROUTE-1 a rejection is the only reply", async () => {
    const router = createRouter();
    router.register("/chat", "chat_message", async () => {
      throw new Rejection("conflict", "No.", { why: "because" });
    });

    const got = await replies(router, "chat_message", message("42"));

    const error = { code: "conflict", message: "No.", retryable: false, details: { why: "because" } };
    expect(got).toEqual([{ ok: false, error }]);
    expect(lines).toEqual([]);
  });

  it("ROUTE-1 without a callback a command is carried out, and nothing is sent", async () => {
    const router = createRouter();
    const carriedOut: string[] = [];
    router.register("/chat", "chat_message", async (payload, session) => {
      carriedOut.push(payload.message);
      return done(payload, session);
    });

    await router.handle({ session: test.session, command: "chat_message", payload: message("42"), bytes: 100 });

    expect(carriedOut).toEqual(["hello"]);
    expect(test.sent).toEqual([]);
  });

  it.each([
    ["chat_message", {}, "chat_message", "invalid_payload"],
    ["nonsense", {}, "nonsense", "unknown_command"],
    ["x".repeat(100), {}, "x".repeat(64), "unknown_command"],
    [undefined, {}, null, "unknown_command"],
    [{ name: 1 }, {}, null, "unknown_command"],
  ])("ROUTE-1 without a callback an error is sent as system.error: %j", async (command, payload, named, code) => {
    const router = createRouter();
    router.register("/chat", "chat_message", done);

    await router.handle({ session: test.session, command, payload, bytes: 100 });

    expect(test.sent).toEqual([
      { name: "system.error", data: { command: named, error: expect.objectContaining({ code }) } },
    ]);
  });

  it("ROUTE-1 an error after the reply does not cause a second one", async () => {
    const router = createRouter();
    const failing = () => {
      throw new TypeError("after the reply");
    };
    router.register(
      "/chat",
      "chat_message",
      async () => new DeferredReply({ finish: () => published("m-1") as never, afterReply: failing }),
    );

    const got = await replies(router, "chat_message", message("42"));

    expect(got).toEqual([{ ok: true, data: published("m-1") }]);
    await eventually(() => lines.some((line) => line.includes("after the reply")), "the log entry");
    expect(test.sent).toEqual([]);
  });

  it("ROUTE-2 middleware runs in order, around the handler", async () => {
    const steps: unknown[] = [];
    const step =
      (name: string): Middleware =>
      async ({ command }, next) => {
        steps.push(`${name} ${String(command)}`);
        await next();
        steps.push(`${name} ends`);
      };
    const router = createRouter(step("first"), step("second"));
    router.register("/chat", "chat_message", async (payload, session) => {
      steps.push("handler");
      return done(payload, session);
    });

    await replies(router, "chat_message", message("42"));

    expect(steps).toEqual(["first chat_message", "second chat_message", "handler", "second ends", "first ends"]);
  });

  it("ROUTE-2 middleware may end a call, even of an unknown command", async () => {
    const reached: string[] = [];
    const refuse: Middleware = async () => {
      throw new Rejection("rate_limited", "Wait.", { retryAfterMs: 10 });
    };
    const never: Middleware = async (_call, next) => {
      reached.push("second middleware");
      await next();
    };
    const router = createRouter(refuse, never);
    router.register("/chat", "chat_message", async (payload, session) => {
      reached.push("handler");
      return done(payload, session);
    });

    const got = [await replies(router, "chat_message", message("42")), await replies(router, "nonsense", null)];

    expect(got).toEqual([
      rejected("rate_limited", { retryAfterMs: 10 }),
      rejected("rate_limited", { retryAfterMs: 10 }),
    ]);
    expect(reached).toEqual([]);
  });

  it("ROUTE-4 a message over the size limit is too_large", async () => {
    const router = createRouter();
    router.register("/chat", "chat_message", done);

    const atTheLimit = await replies(router, "chat_message", message("42"), messageBytes);
    const over = await replies(router, "chat_message", message("42"), messageBytes + 1);

    expect(atTheLimit).toMatchObject([{ ok: true }]);
    expect(over).toEqual(rejected("too_large"));
  });

  it.each([
    ["too deep", { metadata: JSON.parse(`${"[".repeat(jsonDepth)}${"]".repeat(jsonDepth)}`) }, "too_large"],
    ["with __proto__", { metadata: JSON.parse('{"__proto__":{"admin":true}}') }, "invalid_payload"],
    ["with a key too many", { admin: true }, "invalid_payload"],
  ])("ROUTE-4 JSON that is %s is refused", async (_what, extra, code) => {
    const router = createRouter();
    router.register("/chat", "chat_message", done);

    const got = await replies(router, "chat_message", { ...message("42"), ...extra });

    expect(got).toEqual(rejected(code));
  });

  it("ROUTE-5 an unexpected error in a handler is answered internal, with the id of its log entry", async () => {
    const router = createRouter();
    router.register("/chat", "chat_message", async ({ message }) => {
      throw new TypeError(`cannot read ${message}`);
    });
    router.register("/chat", "leave_room", async () => ({}));

    const [failed] = await replies(router, "chat_message", message("42"));
    const next = await replies(router, "leave_room", { room: "conversation:42" });

    const details = { errorId: expect.stringMatching(/^[0-9A-Z]{26}$/) };
    expect(failed).toMatchObject({ ok: false, error: { code: "internal", retryable: true, details } });
    expect(JSON.stringify(failed)).not.toContain("cannot read");
    expect(next).toEqual([{ ok: true, data: {} }]);

    await eventually(() => lines.length > 0, "the log entry");
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      ...(failed?.ok === false ? (failed.error.details as object) : {}),
      command: "chat_message",
      userId: "ada",
      error: { name: "TypeError", message: "cannot read hello" },
    });
  });

  it("ROUTE-5 any thrown value, also in middleware, is answered internal", async () => {
    const router = createRouter(async () => {
      throw "a text";
    });

    const got = await replies(router, "chat_message", message("42"));

    expect(got).toEqual(rejected("internal"));
    expect(test.closedFor).toEqual([]);
  });

  it("ROUTE-6 commands about one room run one after another, and those about other rooms concurrently", async () => {
    const router = createRouter();
    const steps: string[] = [];
    const open = deferred();
    router.register("/chat", "chat_message", async (payload, session) => {
      const { conversationId, message } = payload;
      steps.push(`${conversationId}: ${message} begins`);
      if (message === "slow") await open.promise;
      steps.push(`${conversationId}: ${message} ends`);
      return done(payload, session);
    });
    router.register("/chat", "leave_room", async ({ room }) => {
      steps.push(`leaves ${room}`);
      return {};
    });

    const slow = replies(router, "chat_message", message("1", "slow"));
    const quick = replies(router, "chat_message", message("1", "quick"));
    const leave = replies(router, "leave_room", { room: "conversation:1" });
    await replies(router, "chat_message", message("2", "elsewhere"));
    open.resolve();
    await Promise.all([slow, quick, leave]);

    expect(steps).toEqual([
      "1: slow begins",
      "2: elsewhere begins",
      "2: elsewhere ends",
      "1: slow ends",
      "1: quick begins",
      "1: quick ends",
      "leaves conversation:1",
    ]);
  });

  it("ROUTE-6 a message whose place in the log is certain lets the next one begin, and is answered when it is stored", async () => {
    const router = createRouter();
    const kept = deferred();
    const begun: string[] = [];
    router.register("/chat", "chat_message", async (payload, session) => {
      begun.push(payload.message);
      if (payload.message === "two") kept.resolve();
      const stored = kept.promise.then(() => done(payload, session) as Promise<PublishedReply>);
      return DeferredReply.to(stored);
    });

    const got = await Promise.all([
      replies(router, "chat_message", message("1", "one")),
      replies(router, "chat_message", message("1", "two")),
    ]);

    expect(begun).toEqual(["one", "two"]);
    expect(got).toEqual([[{ ok: true, data: published("one") }], [{ ok: true, data: published("two") }]]);
  });

  it("ROUTE-6 a failed command does not stop those after it", async () => {
    const router = createRouter();
    router.register("/chat", "chat_message", async (payload, session) => {
      if (payload.message === "fails") throw new Rejection("conflict", "No.");
      return done(payload, session);
    });

    const got = await Promise.all([
      replies(router, "chat_message", message("1", "fails")),
      replies(router, "chat_message", message("1", "works")),
    ]);

    expect(got).toMatchObject([[{ ok: false }], [{ ok: true }]]);
  });

  it("ROUTE-6 connections do not wait for each other", async () => {
    const router = createRouter();
    const open = deferred();
    router.register("/chat", "chat_message", async (payload, session) => {
      if (payload.message === "slow") await open.promise;
      return done(payload, session);
    });

    const slow = replies(router, "chat_message", message("1", "slow"));
    test = createTestSession({ principal: principalOf("bob") });
    const quick = await replies(router, "chat_message", message("1", "quick"));
    open.resolve();

    expect(quick).toMatchObject([{ ok: true }]);
    expect(await slow).toMatchObject([{ ok: true }]);
  });

  it("ROUTE-7 handlers are registered singly or as a table", async () => {
    const router = createRouter();
    router.registerAll("/chat", {
      leave_room: async () => ({}),
      mark_read: async () => ({ unread: 3 }),
    });
    router.register("/chat", "chat_message", done);

    const got = [
      await replies(router, "leave_room", { room: "broadcast" }),
      await replies(router, "mark_read", { room: "broadcast", position: { epoch: "e1", offset: 1 } }),
      await replies(router, "chat_message", message("42", "m-1")),
      await replies(router, "history", { room: "broadcast" }),
    ];

    expect(got).toEqual([
      [{ ok: true, data: {} }],
      [{ ok: true, data: { unread: 3 } }],
      [{ ok: true, data: published("m-1") }],
      rejected("unknown_command"),
    ]);
  });

  it("ROUTE-7 a handler serves the commands of its namespace", async () => {
    const router = createRouter();
    router.register("/chat", "system.pong", async () => {
      throw new Rejection("conflict", "/chat");
    });
    router.register("/monitoring", "system.pong", async () => {
      throw new Rejection("conflict", "/monitoring");
    });
    const namesOf = async (...namespaces: ("/chat" | "/monitoring" | "/admin")[]) => {
      test = createTestSession({ namespaces });
      const [reply] = await replies(router, "system.pong", { timestamp: 1 });
      return reply?.ok === false ? reply.error : undefined;
    };

    const errors = [
      await namesOf("/chat"),
      await namesOf("/monitoring"),
      await namesOf("/monitoring", "/chat"),
      await namesOf("/admin"),
    ];

    expect(errors).toMatchObject([
      { message: "/chat" },
      { message: "/monitoring" },
      { message: "/monitoring" },
      { code: "unknown_command" },
    ]);
  });

  it("STREAM-3 a command for certain roles is forbidden to others", async () => {
    const router = createRouter();
    router.register("/chat", "chat_response_delta", async () => ({}));
    const delta = { conversationId: "42", responseId: "r-1", delta: "a" };

    const byUser = await replies(router, "chat_response_delta", delta);
    test = createTestSession({ principal: principalOf("bot", { roles: ["agent"] }) });
    const byAgent = await replies(router, "chat_response_delta", delta);

    expect(byUser).toEqual(rejected("forbidden"));
    expect(byAgent).toEqual([{ ok: true, data: {} }]);
  });

  it("ROOM-4 nothing is sent between the making of a deferred reply and its writing", async () => {
    const router = createRouter();
    const steps: string[] = [];
    router.register("/chat", "chat_message", async () => {
      const finish = () => {
        queueMicrotask(() => steps.push("a live event"));
        steps.push("the reply is made");
        return published("m-1") as never;
      };
      return new DeferredReply({ finish, afterReply: () => void steps.push("afterReply") });
    });

    await router.handle({ session: test.session, command: "chat_message", payload: message("42"), bytes: 1 }, () =>
      steps.push("the reply is written"),
    );

    expect(steps).toEqual(["the reply is made", "the reply is written", "afterReply", "a live event"]);
  });

  it.each([
    ["", "nonsense", "CHAT_MESSAGE", " chat_message", "chat_message\n", "disconnect", "/chat chat_message"],
    ["__proto__", "constructor", "toString", "hasOwnProperty"],
    [7, null, undefined, true, ["chat_message"], {}, Object.create(null), { toString: 1 }],
  ])("BAD-4 names of unknown commands do no harm: %j, …", async (...names) => {
    const router = createRouter();
    router.register("/chat", "chat_message", done);

    const got = [];
    for (const name of names) got.push(...(await replies(router, name, message("42"))));

    expect(got).toEqual(names.flatMap(() => rejected("unknown_command")));
    expect(lines).toEqual([]);
  });

  it("STOP-1 it is idle when no command is being carried out", async () => {
    const router = createRouter();
    const open = deferred();
    const steps: string[] = [];
    router.register("/chat", "chat_message", async (payload, session) => {
      await open.promise;
      return done(payload, session);
    });
    const command = replies(router, "chat_message", message("42")).then(() => steps.push("the command is done"));

    const idle = router.idle().then(() => steps.push("idle"));
    steps.push("still busy");
    open.resolve();
    await Promise.all([command, idle]);
    await router.idle();

    expect(steps[0]).toBe("still busy");
    expect(steps.slice(1).sort()).toEqual(["idle", "the command is done"]);
  });
});
