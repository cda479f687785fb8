import { describe, expect, it } from "@jest/globals";
import { systemClock } from "../../server/runtime/clock.ts";
import { createMemoryDocuments } from "../../server/store/documents/memory-documents.ts";
import { EventType } from "../../shared/event-type.ts";
import { WebsocketStatus } from "../../shared/http/websocket-status.ts";
import { namespaces } from "../../shared/namespace.ts";
import { Rejection } from "../../shared/rejection.ts";
import { startServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import { texts } from "../support/test-client.ts";
import { tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";

describe.each(stores)("operations over HTTP (%s)", (store) => {
  // The Redis of the tests keeps nothing on disk.
  const noFile = "it has no append-only file, so its restart loses accepted events: set appendonly yes";
  const warned = store === "redis" ? { warnings: [noFile] } : {};

  it("HTTP-1 health and readiness are answered without a token", async () => {
    const server = await startServer({ store });

    const health = await server.request("GET", "/healthz", { as: null });
    const readiness = await server.request("GET", "/readyz", { as: null });

    expect([health.status, health.body]).toEqual([200, { status: "ok" }]);
    expect([readiness.status, readiness.body]).toEqual([200, { status: "ready", ...warned }]);
  });

  it("HTTP-1 a draining instance is healthy and not ready, and its status says so", async () => {
    const server = await startServer({ store });

    await server.server.drain(0);

    const health = await server.request("GET", "/healthz", { as: null });
    const readiness = await server.request("GET", "/readyz", { as: null });
    const status = await server.request("GET", "/api/websocket/status", { as: null });
    expect([health.status, health.body]).toEqual([200, { status: "ok" }]);
    expect([readiness.status, readiness.body]).toEqual([503, { status: "draining", ...warned }]);
    expect(status.body).toMatchObject({ status: "draining", connections: 0 });
  });

  it("HTTP-1 the status counts the connections of every namespace as they open and close", async () => {
    const server = await startServer({ store });
    const roles = ["user", "monitor", "admin", "agent"] as const;
    const statusOf = async () =>
      WebsocketStatus.parse((await server.request("GET", "/api/websocket/status", { as: null })).body);
    const none = { chat: 0, monitoring: 0, admin: 0, agents: 0 };
    const empty = await statusOf();

    const clients = [];
    for (const namespace of namespaces) clients.push(await server.connect("ada", { namespace, roles }));
    await server.connectWebSocket("bob");
    const watcher = await server.connectWebSocket("cy", { roles: ["monitor"] });

    expect(empty).toEqual({ status: "active", connections: 0, rooms: none, instances: 1 });
    expect(await statusOf()).toEqual({
      status: "active",
      connections: 6,
      rooms: { chat: 2, monitoring: 2, admin: 1, agents: 1 },
      instances: 1,
    });
    for (const client of clients) client.close();
    watcher.close();
    await eventually(async () => (await statusOf()).connections === 1, "the end of all connections but one");
    expect((await statusOf()).rooms).toEqual({ ...none, chat: 1 });
  });

  it("HTTP-1 a request does not count as a connection", async () => {
    const server = await startServer({ store });

    await server.request("GET", "/api/conversations");

    const { body } = await server.request("GET", "/api/websocket/status", { as: null });
    expect(body).toMatchObject({ connections: 0 });
  });

  it("HTTP-1 the status is not cached", async () => {
    const server = await startServer({ store });

    const { headers } = await server.request("GET", "/api/websocket/status", { as: null });

    expect(headers.get("cache-control")).toBe("no-store");
  });
});

describe.each(stores)("conversations over HTTP (%s)", (store) => {
  it("HTTP-2 a conversation is created, and its members are notified", async () => {
    const server = await startServer({ store });
    const bob = await server.connect("bob");

    const created = await server.request("POST", "/api/conversations", {
      body: { id: "42", title: "Plans", members: ["bob"] },
    });

    expect(created.status).toBe(201);
    expect(created.headers.get("location")).toBe("/api/conversations/42");
    expect(created.body).toEqual({
      conversation: {
        id: "42",
        title: "Plans",
        members: ["ada", "bob"],
        public: false,
        createdBy: "ada",
        createdAt: expect.any(String),
      },
    });
    const told = await bob.one(EventType.ConversationUpdated);
    expect(told.data).toEqual({ ...created.body, change: "created" });
  });

  it("HTTP-2 members are added, and may enter", async () => {
    const server = await startServer({ store });
    await server.request("POST", "/api/conversations", { body: { id: "42" } });

    const added = await server.request("POST", "/api/conversations/42/members", { body: { userIds: ["bob", "cy"] } });

    expect(added.status).toBe(200);
    expect(added.body).toMatchObject({ conversation: { id: "42", members: ["ada", "bob", "cy"] } });
    const bob = await server.connect("bob");
    expect(await bob.ok("join_room", { room: "conversation:42" })).toMatchObject({ joined: true });
  });

  it("HTTP-2 a message reaches the members, and is published once", async () => {
    const server = await startServer({ store });
    const [bob] = await server.conversation("42", "bob", "ada");
    const send = (body: unknown) => server.request("POST", "/api/conversations/42/messages", { body });

    const first = await send({ message: "hello", id: "m-1", replyTo: "m-0", metadata: { mood: "good" } });
    const again = await send({ message: "hello", id: "m-1" });
    await send({ message: "marker" });

    expect([first.status, again.status]).toEqual([201, 201]);
    expect(first.body).toMatchObject({ id: "m-1", duplicate: false, position: { offset: 1 } });
    expect(again.body).toEqual({ ...first.body, duplicate: true });
    const [message, marker] = (await bob?.next(EventType.ChatMessage, 2)) ?? [];
    expect(message).toMatchObject({
      id: "m-1",
      sender: { userId: "ada", name: "Ada" },
      position: first.body.position,
      data: { message: "hello", replyTo: "m-0", metadata: { mood: "good" } },
    });
    expect(marker?.data.message).toBe("marker");
  });

  it("HTTP-2 the list is returned in pages, with the position to continue from", async () => {
    const server = await startServer({ store });
    for (const id of ["a", "b", "c"]) await server.request("POST", "/api/conversations", { body: { id } });
    const list = (query: string) => server.request("GET", `/api/conversations?${query}`);
    const idsOf = ({ body }: Awaited<ReturnType<typeof list>>) => (body.items as { id: string }[]).map(({ id }) => id);

    const first = await list("limit=2");
    const second = await list(`limit=2&cursor=${encodeURIComponent(String(first.body.nextCursor))}`);

    expect(first.status).toBe(200);
    expect([...idsOf(first), ...idsOf(second)].sort()).toEqual(["a", "b", "c"]);
    expect(idsOf(first)).toHaveLength(2);
    expect(second.body.nextCursor).toBeNull();
    // The head of the own room's log, where three conversations have been announced.
    expect(first.body.position).toMatchObject({ offset: 3 });
    const ada = await server.connect("ada", { auth: { autoJoin: false } });
    const resumed = await ada.ok("join_room", { room: "user:ada", after: first.body.position as never });
    expect(resumed).toMatchObject({ recovered: true, events: [] });
  });

  it("HTTP-2 a service creates conversations for others, and is not a member", async () => {
    const server = await startServer({ store });
    const as = { as: "backend", roles: ["service"] } as const;
    const bob = await server.connect("bob");

    const created = await server.request("POST", "/api/conversations", { ...as, body: { id: "42", members: ["bob"] } });
    const message = await server.request("POST", "/api/conversations/42/messages", {
      ...as,
      body: { message: "hello" },
    });
    const list = await server.request("GET", "/api/conversations", as);

    expect(created.body).toMatchObject({ conversation: { members: ["bob"] } });
    expect(message.status).toBe(201);
    expect(list.body).toMatchObject({ items: [], nextCursor: null });
    const { events } = await bob.ok("join_room", { room: "conversation:42" });
    expect(texts(events)).toEqual(["hello"]);
  });

  it("HTTP-2 a service notifies a user", async () => {
    const server = await startServer({ store });
    const bob = await server.connect("bob");
    const notify = () =>
      server.request("POST", "/api/users/bob/notifications", {
        as: "backend",
        roles: ["service"],
        body: { title: "Done", level: "success", id: "n-1" },
      });

    const first = await notify();
    const again = await notify();

    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual({ ...first.body, duplicate: true });
    expect(await bob.one(EventType.Notification)).toMatchObject({
      id: "n-1",
      room: "user:bob",
      data: { title: "Done", level: "success" },
    });
  });
});

const problem = (code: string, status: number, instance: string) => ({
  type: `urn:signalbox:error:${code}`,
  title: expect.any(String),
  status,
  detail: expect.any(String),
  code,
  retryable: expect.any(Boolean),
  instance,
});

describe("problems over HTTP", () => {
  it("HTTP-3 faults of a body are reported field by field", async () => {
    const server = await startServer();

    const { status, headers, body } = await server.request("POST", "/api/conversations?x=1", {
      body: { id: "a b", members: ["bob", 7] },
    });

    expect(status).toBe(400);
    expect(headers.get("content-type")).toMatch(/^application\/problem\+json/);
    expect(body).toEqual({
      ...problem("invalid_payload", 400, "/api/conversations"),
      details: [
        { path: "id", message: expect.any(String) },
        { path: "members.1", message: expect.any(String) },
      ],
    });
  });

  it("HTTP-3 a token is required where the contract says so", async () => {
    const server = await startServer();

    const none = await server.request("GET", "/api/conversations", { as: null });
    const expired = await server.request("GET", "/api/conversations", {
      as: null,
      headers: { authorization: `Bearer ${tokenOf("ada", ["user"], { exp: 1_000 })}` },
    });

    expect([none.status, none.body]).toEqual([401, problem("unauthenticated", 401, "/api/conversations")]);
    expect([expired.status, expired.body]).toEqual([401, problem("token_expired", 401, "/api/conversations")]);
    expect(none.headers.get("www-authenticate")).toBe("Bearer");
    expect(expired.headers.get("www-authenticate")).toBe("Bearer");
  });

  it("HTTP-3 an unreachable store is 503, to be retried", async () => {
    const documents = createMemoryDocuments({ time: systemClock });
    const unreachable = async () => {
      throw new Rejection("unavailable", "The store is out of reach.");
    };
    const server = await startServer({ overrides: { documents: { ...documents, list: unreachable } } });

    const { status, headers, body } = await server.request("GET", "/api/conversations");

    expect([status, body]).toEqual([503, { ...problem("unavailable", 503, "/api/conversations"), retryable: true }]);
    expect(headers.get("retry-after")).toBe("1");
  });

  it("HTTP-3 a bug is 500, and its id is in the log with the reason, which is not sent", async () => {
    const documents = createMemoryDocuments({ time: systemClock });
    const broken = async () => {
      throw new Error("the disk is on fire");
    };
    const server = await startServer({ overrides: { documents: { ...documents, list: broken } } });

    const { status, body } = await server.request("GET", "/api/conversations");

    const { errorId } = body.details as { errorId: string };
    expect(status).toBe(500);
    expect(body).toEqual({
      ...problem("internal", 500, "/api/conversations"),
      retryable: true,
      details: { errorId: expect.any(String) },
    });
    expect(JSON.stringify(body)).not.toContain("fire");
    const [line] = server.lines.filter((entry) => entry.includes(errorId));
    expect(line).toContain("the disk is on fire");
  });
});

describe.each(stores)("problems over HTTP (%s)", (store) => {
  it("HTTP-3 an id that is taken is 409", async () => {
    const server = await startServer({ store });
    await server.request("POST", "/api/conversations", { body: { id: "42" } });

    const { status, body } = await server.request("POST", "/api/conversations", { as: "bob", body: { id: "42" } });

    expect([status, body]).toEqual([409, problem("conflict", 409, "/api/conversations")]);
  });

  it("HTTP-3 exceeding a limit is 422", async () => {
    const server = await startServer({ store });
    const members = Array.from({ length: 999 }, (_, index) => `u${index}`);
    await server.request("POST", "/api/conversations", { body: { id: "42", members } });

    const { status, body } = await server.request("POST", "/api/conversations/42/members", {
      body: { userIds: ["one-more"] },
    });

    expect([status, body]).toEqual([422, problem("limit_exceeded", 422, "/api/conversations/42/members")]);
  });
});

describe("browsers over HTTP", () => {
  const paths = ["/healthz", "/", "/api/conversations", "/nowhere"];

  it.each(paths)("HTTP-5 %s comes with security headers", async (path) => {
    const server = await startServer();

    const { headers } = await server.request("GET", path);

    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("SAMEORIGIN");
    expect(headers.get("referrer-policy")).toBe(path === "/" ? "same-origin" : "no-referrer");
    expect(headers.get("strict-transport-security")).toContain("max-age=");
    expect(headers.get("x-powered-by")).toBeNull();
  });

  it("HTTP-5 an allowed origin gets CORS headers, in the preflight and in the response", async () => {
    const server = await startServer({ env: { CORS_ORIGINS: "https://app.example.com" } });
    const headers = { origin: "https://app.example.com" };

    const preflight = await server.request("OPTIONS", "/api/conversations", {
      as: null,
      headers: {
        ...headers,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization",
      },
    });
    const answer = await server.request("GET", "/api/conversations", { headers });

    expect([preflight.status, answer.status]).toEqual([204, 200]);
    for (const { headers } of [preflight, answer]) {
      expect(headers.get("access-control-allow-origin")).toBe("https://app.example.com");
      expect(headers.get("access-control-allow-credentials")).toBe("true");
      expect(headers.get("vary")).toContain("Origin");
    }
    expect(preflight.headers.get("access-control-allow-methods")).toContain("POST");
    expect(preflight.headers.get("access-control-allow-headers")).toBe("authorization");
  });

  it.each(["https://evil.example.com", "https://app.example.com.evil.com", "http://app.example.com", "null", "x"])(
    "HTTP-5 the origin %s is refused without CORS headers",
    async (origin) => {
      const server = await startServer({ env: { CORS_ORIGINS: "https://app.example.com" } });
      const headers = { origin };

      const preflight = await server.request("OPTIONS", "/api/conversations", {
        as: null,
        headers: { ...headers, "access-control-request-method": "POST" },
      });
      const answer = await server.request("GET", "/api/conversations", { headers });

      expect([preflight.status, answer.status]).toEqual([403, 403]);
      expect(answer.body).toMatchObject({ code: "forbidden" });
      for (const { headers } of [preflight, answer]) expect(headers.get("access-control-allow-origin")).toBeNull();
    },
  );

  it("HTTP-5 a page of the server's own origin and a client without an origin are allowed", async () => {
    const server = await startServer();

    const own = await server.request("GET", "/api/conversations", { headers: { origin: server.url } });
    const none = await server.request("GET", "/api/conversations");

    expect([own.status, none.status]).toEqual([200, 200]);
    expect(none.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("HTTP-5 in production a page of another server on the same machine is refused", async () => {
    const env = { NODE_ENV: "production", HOST: "127.0.0.1", METRICS_TOKEN: "a-token-of-more-than-16-bytes" };
    const server = await startServer({ env });

    const { status } = await server.request("GET", "/healthz", { headers: { origin: "http://localhost:1" } });

    expect(status).toBe(403);
  });
});
