import { connect } from "node:net";
import { describe, expect, it } from "@jest/globals";
import type { CommandData } from "../../shared/commands/catalogue.ts";
import { EventType } from "../../shared/event-type.ts";
import type { Position } from "../../shared/position.ts";
import type { Role } from "../../shared/role.ts";
import { startServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import { texts } from "../support/test-client.ts";
import { tokenOf } from "../support/tokens.ts";
import { upgrade } from "../support/upgrade.ts";
import { within } from "../support/within.ts";

const room = "conversation:42";

interface EventPayload {
  topic: string;
  eventType: string;
  data: { message: string };
  id: string;
  position: Position;
  sender: unknown;
}

type JoinReply = CommandData<"/chat", "join_room">;

const hour = () => Math.floor(Date.now() / 1000) + 3_600;

describe("the plain WebSocket door", () => {
  it("WS-1 it accepts the commands of /chat and answers each under its id", async () => {
    const server = await startServer();
    const ada = await server.connectWebSocket("ada");
    const ask = (id: string, type: string, payload: unknown) => ada.socket.send(JSON.stringify({ type, id, payload }));

    ask("a", "conversation.create", { id: "42", members: ["bob"] });
    ask("b", "join_room", { room });
    ask("c", "no_such_command", {});

    const replies = await ada.inbox.next<{ id: string; payload: { ok: boolean } }>("reply", 3);
    const byId = Object.fromEntries(replies.map(({ id, payload }) => [id, payload]));
    expect(byId).toEqual({
      a: { ok: true, data: { conversation: expect.objectContaining({ id: "42", members: ["ada", "bob"] }) } },
      b: { ok: true, data: expect.objectContaining({ room, joined: true, memberCount: 1 }) },
      c: { ok: false, error: expect.objectContaining({ code: "unknown_command" }) },
    });
  });

  it("WS-1 it writes every frame as the protocol says", async () => {
    const server = await startServer();
    const [bob] = await server.conversation("42", "bob", "ada");
    const ada = server.webSocket("ada", { query: "&conversation_id=42" });
    const frames: Record<string, unknown>[] = [];
    ada.socket.on("message", (data) => frames.push(JSON.parse(String(data))));
    await ada.inbox.one("reply");

    await bob?.ok("chat_message", { conversationId: "42", message: "hello" });
    // What is not kept may come before what is: between the two there is no order.
    await ada.inbox.one(EventType.ChatMessage);
    await bob?.ok("typing_indicator", { conversationId: "42", isTyping: true });
    await ada.inbox.one(EventType.TypingIndicator);

    const shapes = frames.map(({ type, payload, ...rest }) => [type, ...Object.keys(rest), Object.keys(payload ?? {})]);
    const aboutEvent = ["data", "eventType", "id", "sender", "topic"];
    const sorted = shapes.map((shape) => shape.map((part) => (Array.isArray(part) ? [...part].sort() : part)));
    expect(sorted[0]?.slice(0, 2)).toEqual(["system.connection.established", "timestamp"]);
    expect(sorted).toContainEqual(["reply", "id", ["data", "ok"]]);
    expect(sorted).toContainEqual(["event", "timestamp", [...aboutEvent, "position"].sort()]);
    expect(sorted.at(-1)).toEqual(["event", "timestamp", aboutEvent]);
  });

  it("WS-1 a command without an id is carried out and not answered", async () => {
    const server = await startServer();
    await server.conversation("42", "ada");
    const ada = await server.connectWebSocket("ada");
    await ada.ok("join_room", { room });

    ada.socket.send(JSON.stringify({ type: "chat_message", payload: { conversationId: "42", message: "no answer" } }));
    await ada.ok("chat_message", { conversationId: "42", message: "marker" });

    const events = await ada.inbox.next<EventPayload>(EventType.ChatMessage, 2);
    expect(texts(events)).toEqual(["no answer", "marker"]);
    // Joining and the marker.
    expect(ada.inbox.of("reply")).toHaveLength(2);
  });

  it("WS-1 it accepts the token in the header too", async () => {
    const server = await startServer();

    const ada = server.rawWebSocket("/ws", { headers: { authorization: `Bearer ${tokenOf("ada")}` } });

    expect(await ada.inbox.one("system.connection.established")).toMatchObject({ userId: "ada", namespace: "/ws" });
  });

  it("WS-1 it loses no frame that is sent before the client is admitted", async () => {
    const server = await startServer();
    const ada = server.webSocket("ada");

    ada.socket.once("open", () => {
      for (let i = 0; i < 50; i++)
        ada.socket.send(JSON.stringify({ type: "conversation.list", id: `${i}`, payload: {} }));
    });

    const replies = await ada.inbox.next<{ id: string }>("reply", 50);
    expect(replies.map(({ id }) => Number(id)).sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(ada.inbox.all[0]?.name).toBe("system.connection.established");
  });

  it.each<[string, () => string, string, number]>([
    ["no token", () => "", "unauthenticated", 4000],
    ["an empty token", () => "?token=", "unauthenticated", 4000],
    ["a token that does not verify", () => `?token=${tokenOf("ada")}x`, "unauthenticated", 4000],
    ["no JWT at all", () => "?token=letmein", "unauthenticated", 4000],
    ["an expired token", () => `?token=${tokenOf("ada", ["user"], { exp: hour() - 7_200 })}`, "token_expired", 4011],
    ["no role", () => `?token=${tokenOf("ada", [])}`, "forbidden", 4003],
  ])("WS-2 %s is reported and closes the connection", async (_what, query, code, closeCode) => {
    const server = await startServer();

    const client = server.rawWebSocket(`/ws${query()}`);

    expect(await client.inbox.one("system.error")).toMatchObject({ command: null, error: { code } });
    expect(await within(client.closed, "the close")).toEqual({ code: closeCode, reason: code });
    expect(client.inbox.of("system.connection.established")).toEqual([]);
  });

  it.each<[Role]>([["user"], ["agent"], ["service"], ["admin"], ["monitor"]])(
    "WS-2 the role %s is admitted",
    async (role) => {
      const server = await startServer();

      const client = await server.connectWebSocket("ada", { roles: [role] });

      expect(await client.ok("system.pong", { timestamp: 1 })).toEqual({});
    },
  );

  it.each([
    ["user", "subscribe", { id: "all", topics: ["*"] }],
    ["user", "join_room", { room: "task:1" }],
    ["user", "leave_room", { room: "task:1" }],
    ["monitor", "chat_message", { conversationId: "42", message: "hello" }],
    ["monitor", "join_room", { room: "conversation:42" }],
  ] as const)("WS-6 the role %s is forbidden %s of %j", async (role, command, payload) => {
    const server = await startServer();
    await server.conversation("42", "ada");
    const ada = await server.connectWebSocket("ada", { roles: [role] });

    const refused = await ada.command(command, payload);

    expect(refused).toMatchObject({ ok: false, error: { code: "forbidden" } });
  });

  it.each([
    ["of somebody else", "secret", "not_found"],
    ["that does not exist", "nowhere", "not_found"],
    ["with a name that none can have", "a%20b", "invalid_payload"],
    ["with a malformed escape", "%ZZ", "invalid_payload"],
    ["without a name", "", "invalid_payload"],
  ])("WS-3 a conversation %s is refused, and the connection continues", async (_what, id, code) => {
    const server = await startServer();
    await server.conversation("secret", "eve");

    const ada = server.webSocket("ada", { query: `&conversation_id=${id}` });

    expect(await ada.inbox.one("reply")).toMatchObject({ payload: { ok: false, error: { code } } });
    expect(await ada.ok("conversation.list", {})).toEqual({ conversations: [], nextCursor: null });
  });

  it("WS-4 a client that sends commands and does not read the replies is closed too", async () => {
    const env = { LIMIT_BACKLOG_BYTES: "65536", LIMIT_COMMANDS_PER_SECOND: "100000", LIMIT_COMMANDS_BURST: "100000" };
    const server = await startServer({ env });
    const [bob] = await server.conversation("42", "bob", "ada");
    for (let i = 0; i < 20; i++) await bob?.ok("chat_message", { conversationId: "42", message: "x".repeat(16_000) });
    const ada = await server.connectWebSocket("ada");

    ada.socket.pause();
    for (let i = 0; i < 200; i++) {
      ada.socket.send(JSON.stringify({ type: "history", id: String(i), payload: { room, limit: 1_000 } }));
    }
    const isClosed = () => server.lines.some((line) => line.includes('"reason":"slow_consumer"'));
    while (!isClosed()) await bob?.ok("conversation.list", {});

    expect(await bob?.ok("chat_message", { conversationId: "42", message: "still here" })).toMatchObject({
      position: { offset: 21 },
    });
  });

  it.each([
    "/",
    "/ws/",
    "/ws2",
    "/ws/agent-bridge/x",
    "/chat",
    "/api/conversations",
    "/healthz",
    "/socket.io",
    "/socket.iox/?EIO=4&transport=websocket",
    "/x/../socket.io/?EIO=4&transport=websocket",
    "//host/socket.io/?EIO=4&transport=websocket",
    "/%ZZ",
    "//",
  ])("WS-5 nothing can be upgraded at %s", async (path) => {
    const server = await startServer();

    const { status } = await upgrade(server.url, path, { Authorization: `Bearer ${tokenOf("ada")}` });

    expect(status).toBe(404);
  });

  it("WS-5 with the door switched off nothing is upgraded, and Socket.IO still works", async () => {
    const server = await startServer({ env: { WEBSOCKET_ENABLED: "false" } });

    const { status } = await upgrade(server.url, `/ws?token=${tokenOf("ada")}`);

    expect(status).toBe(404);
    const ada = await server.connect("ada", { io: { transports: ["websocket"] } });
    expect(await ada.ok("conversation.list", {})).toMatchObject({ conversations: [] });
  });

  it("WS-5 a refused client that does not hang up delays nobody", async () => {
    const server = await startServer();
    const socket = connect({ port: server.server.port, host: "localhost", allowHalfOpen: true });
    const answered = new Promise<string>((resolve) => void socket.once("data", (data) => resolve(String(data))));

    socket.write("GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");

    expect(await within(answered, "an answer")).toContain("404 Not Found");
    await within(server.server.close(), "the end of the server");
    socket.destroy();
  });

  it("WS-5 an invalid handshake is refused", async () => {
    const server = await startServer();

    const noKey = await upgrade(server.url, "/ws", { "Sec-WebSocket-Key": "short" });
    const oldVersion = await upgrade(server.url, "/ws", { "Sec-WebSocket-Version": "7" });

    expect([noKey.status, oldVersion.status]).toEqual([400, 400]);
    const plain = await server.request("GET", "/ws");
    expect(plain.status).toBe(426);
  });
});

describe.each(stores)("the plain WebSocket door (%s)", (store) => {
  it("WS-1 users of it and of Socket.IO see the same conversation", async () => {
    const server = await startServer({ store });
    const [bob] = await server.conversation("42", "bob", "ada");
    const ada = await server.connectWebSocket("ada");
    await ada.ok("join_room", { room });

    await ada.ok("chat_message", { conversationId: "42", message: "from the plain door", metadata: { mood: "good" } });
    await bob?.ok("chat_message", { conversationId: "42", message: "from Socket.IO" });

    const frames = await ada.inbox.next<EventPayload>(EventType.ChatMessage, 2);
    const envelopes = (await bob?.next(EventType.ChatMessage, 2)) ?? [];
    expect(texts(envelopes)).toEqual(["from the plain door", "from Socket.IO"]);
    expect(frames).toEqual(
      envelopes.map(({ id, type, room, position, sender, data }) => {
        return { id, topic: room, eventType: type, position, sender, data };
      }),
    );
  });

  it("WS-2 a user with too many connections is told so and closed with 4008", async () => {
    const server = await startServer({ store, env: { LIMIT_CONNECTIONS_PER_USER: "1" } });
    await server.connectWebSocket("ada");

    const second = server.webSocket("ada");

    expect(await second.inbox.one("system.error")).toMatchObject({ error: { code: "limit_exceeded" } });
    expect(await within(second.closed, "the close")).toEqual({ code: 4008, reason: "limit_exceeded" });
  });

  it("WS-3 a conversation in the URL is joined at once", async () => {
    const server = await startServer({ store });
    const [bob] = await server.conversation("42", "bob", "ada");
    await bob?.ok("chat_message", { conversationId: "42", message: "before" });

    const ada = server.webSocket("ada", { query: "&conversation_id=42" });

    const reply = await ada.inbox.one<{ payload: { ok: true; data: JoinReply } }>("reply");
    expect(reply.payload).toMatchObject({ ok: true, data: { room, joined: true } });
    expect(texts(reply.payload.data.events)).toEqual(["before"]);
    await bob?.ok("chat_message", { conversationId: "42", message: "after" });
    expect(texts([await ada.inbox.one<EventPayload>(EventType.ChatMessage)])).toEqual(["after"]);
  });

  it("WS-4 a client that does not read is closed and resumes from its position, while others are served", async () => {
    const env = { LIMIT_BACKLOG_BYTES: "65536", LIMIT_COMMANDS_PER_SECOND: "100000", LIMIT_COMMANDS_BURST: "100000" };
    const server = await startServer({ store, env });
    const [bob, cy] = await server.conversation("42", "bob", "cy", "ada");
    const ada = await server.connectWebSocket("ada");
    const { position } = await ada.ok<JoinReply>("join_room", { room });
    const isClosed = () => server.lines.some((line) => line.includes('"reason":"slow_consumer"'));

    ada.socket.pause();
    let sent = 0;
    while (!isClosed() && sent < 5_000) {
      await bob?.ok("chat_message", { conversationId: "42", message: `${++sent} ${"x".repeat(16_000)}` });
    }
    const again = await server.connectWebSocket("ada");
    const missed: number[] = [];
    let after = position;
    for (let joined = false; !joined; ) {
      const page = await again.ok<JoinReply>("join_room", { room, after, limit: 100 });
      expect(page.recovered).toBe(true);
      missed.push(...page.events.map((event) => event.position.offset));
      ({ joined, position: after } = page);
    }
    await bob?.ok("chat_message", { conversationId: "42", message: "live" });

    expect(isClosed()).toBe(true);
    expect(missed).toEqual(Array.from({ length: sent }, (_, index) => index + 1));
    expect(texts([await again.inbox.one<EventPayload>(EventType.ChatMessage)])).toEqual(["live"]);
    expect((await cy?.next(EventType.ChatMessage, sent + 1))?.length).toBe(sent + 1);
  });
});
