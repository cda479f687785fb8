import { describe, expect, it } from "@jest/globals";
import { limits } from "../../shared/limits.ts";
import { bytesOfLargest } from "../../shared/message-bytes.ts";
import { asService } from "../support/dispatching.ts";
import { escaped, freeForm, long } from "../support/escaped.ts";
import { RawEngine } from "../support/raw-engine.ts";
import { RawPolling } from "../support/raw-polling.ts";
import { startServer, type TestServer } from "../support/server.ts";
import type { TestWebSocket } from "../support/test-websocket.ts";
import { tokenOf } from "../support/tokens.ts";
import { within } from "../support/within.ts";

const free = freeForm(limits.messageBytesDefault);
const tooFree = freeForm(limits.messageBytesDefault + 1);
/** 195 bytes as JSON that is not escaped. */
const alert = (index: number) => ({
  room: "alerts",
  type: "alert_created",
  data: { alertId: `${index}`.padStart(60, "a"), severity: "info", title: "t".repeat(48) },
});
const metrics = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`${index}`.padStart(limits.nameLength, "漢"), Math.PI]),
  );
const performance = (count: number) => ({
  room: "health",
  type: "performance_update",
  data: { component: "db", metrics: metrics(count) },
});

/** The largest bodies, and for each field of these names one that has one more. */
const largest: [path: string, body: object, more: Record<string, unknown>][] = [
  ["/api/conversations/42/messages", { message: long(limits.messageLength), metadata: free }, { metadata: tooFree }],
  [
    "/api/dispatches",
    { capability: "code", queue: true, content: long(limits.dispatchLength), context: free },
    { content: long(limits.dispatchLength + 1), context: tooFree },
  ],
  ["/api/tasks", { title: long(limits.titleLength), metadata: free }, { metadata: tooFree }],
  ["/api/tasks/t1/checkpoints", { state: free }, { state: tooFree }],
  [
    "/api/users/ada/notifications",
    { title: long(limits.titleLength), body: long(limits.textLength), level: "info" },
    { body: long(limits.textLength + 1) },
  ],
  ["/api/events", performance(limits.metricsPerUpdate), { data: performance(limits.metricsPerUpdate + 1).data }],
  [
    "/api/events",
    { ...alert(1), data: { ...alert(1).data, details: free } },
    { data: { ...alert(1).data, details: tooFree } },
  ],
];

async function start(): Promise<TestServer> {
  const server = await startServer();
  await server.conversation("42", "ada");
  await server.request("POST", "/api/tasks", { ...asService, body: { id: "t1", title: "t" } });
  return server;
}

describe("documented sizes over HTTP", () => {
  it.each(largest)("SIZE-1 the body of POST %s may have its documented size, and no more", async (path, body, more) => {
    const server = await start();
    const post = (body: object) => server.request("POST", path, { ...asService, body: escaped(body) });

    for (const [field, value] of Object.entries(more)) {
      const refused = await post({ ...body, [field]: value });
      expect(refused.body).toMatchObject({
        code: expect.stringMatching(/^(too_large|invalid_payload)$/),
        detail: expect.stringContaining(field),
      });
    }
    const { status } = await post(body);

    expect([201, 202]).toContain(status);
  });

  it("SIZE-1 a list may have 500 events, and no more", async () => {
    const server = await start();
    const post = (count: number) =>
      server.request("POST", "/api/events", {
        ...asService,
        body: escaped(Array.from({ length: count }, (_, index) => alert(index))),
      });

    expect((await post(limits.eventsPerRequest + 1)).body).toMatchObject({ code: "invalid_payload" });
    expect((await post(limits.eventsPerRequest)).status).toBe(201);
  });

  it("SIZE-1 a body may have no declared length", async () => {
    const server = await start();
    const text = escaped({ message: long(limits.messageLength) });

    const { status } = await fetch(`${server.url}/api/conversations/42/messages`, {
      method: "POST",
      headers: { authorization: `Bearer ${tokenOf("ada")}`, "content-type": "application/json" },
      body: new Blob([text]).stream(),
      duplex: "half",
    });

    expect(status).toBe(201);
  });
});

describe("a client without a token", () => {
  it("SIZE-3 no large body of a client without a token is read", async () => {
    const server = await startServer();
    const body = JSON.stringify({ message: "x".repeat(limits.messageBytesDefault) });

    const answer = await server.request("POST", "/api/conversations/42/messages", { as: null, body });

    expect(answer.body).toMatchObject({ status: 413, code: "too_large" });
  });

  it("SIZE-3 a client without a token is disconnected before the server buffers more than 1 MiB", async () => {
    const server = await startServer();
    const raw = await new RawEngine(server.url).open();
    const bridge = server.rawWebSocket("/ws/agent-bridge");
    await new Promise((resolve) => bridge.socket.once("open", resolve));

    for (const { socket } of [raw, bridge]) socket.send("x".repeat(2 * limits.unknownClientBytes));

    await within(bridge.closed, "the end");
    await raw.ended();
  });

  it("SIZE-3 a client without a token is refused at Socket.IO over HTTP", async () => {
    const server = await startServer();
    const raw = await RawPolling.open(server.url);

    expect(await raw.send(`4${"x".repeat(limits.unknownClientBytes + 2_048)}`)).toBe(413);
  });

  it("SIZE-3 messages that a client sends to /ws before it is admitted are read afterwards", async () => {
    const server = await startServer();
    const ada = server.webSocket("ada");
    await new Promise((resolve) => ada.socket.once("open", resolve));
    const id = "1";

    // Before the server has verified the token.
    const payload = { id: "42", title: "x", members: [] };
    for (let count = 0; count < 90; count++)
      ada.socket.send(JSON.stringify({ type: "system.pong", payload: { timestamp: 1 } }));
    ada.socket.send(escaped({ type: "conversation.create", id, payload }));

    expect(await ada.inbox.one("reply")).toMatchObject({ id, payload: { ok: true } });
  });
});

describe("a message beyond all limits", () => {
  const error = { code: "too_large", message: expect.stringContaining("bytes are allowed") };

  it("SIZE-2 a message that is too large is answered at /ws and the agent bridge, which then close with 1009", async () => {
    const server = await startServer();
    const ada = await server.connectWebSocket("ada");
    const atMost = bytesOfLargest(["agent"], limits.messageBytesDefault);
    const bot = server.rawWebSocket(`/ws/agent-bridge?token=${tokenOf("bot", ["agent"])}`);
    await new Promise((resolve) => bot.socket.once("open", resolve));
    bot.socket.on("message", (data) => bot.inbox.put("frame", JSON.parse(String(data))));
    bot.socket.send(JSON.stringify({ type: "register", agent_id: "coder" }));
    await bot.inbox.one("frame");

    for (const { socket } of [ada, bot]) socket.send("x".repeat(atMost + 1));

    expect(await ada.inbox.one("system.error")).toMatchObject({ command: null, error });
    expect(await bot.inbox.one("frame")).toMatchObject({ type: "error", ...error });
    expect((await within(ada.closed, "the close")).code).toBe(1009);
    expect((await within(bot.closed, "the close")).code).toBe(1009);
  });

  it("SIZE-2 a token with other roles allows other sizes", async () => {
    const server = await startServer();
    const clients = [await server.connectWebSocket("bot"), await server.connect("bot")] as TestWebSocket[];
    await clients[0]?.ok("conversation.create", { id: "42", members: ["bot"] });

    for (const [index, client] of clients.entries()) {
      await client.ok("system.token.refresh", { token: tokenOf("bot", ["agent"]) });
      const message = long(limits.responseLength);
      const response = { conversationId: "42", responseId: `r${index}`, message, status: "complete" };
      expect(await client.ok("chat_response", response)).toMatchObject({ duplicate: false });
    }
  });

  it("SIZE-2 a message that is too large is answered at Socket.IO, over WebSockets and HTTP, before the connection ends", async () => {
    const server = await startServer();
    const raw = await new RawEngine(server.url).enterChat(tokenOf("ada"));
    const polling = await RawPolling.open(server.url);
    await polling.send(`40/chat,${JSON.stringify({ token: tokenOf("ada") })}`);
    await polling.packet('42/chat,["system.connection.established"');

    const tooMany = bytesOfLargest(["user"], limits.messageBytesDefault) + 200_000;
    raw.send(`42/chat,1["chat_message","${"x".repeat(tooMany)}"]`);
    const status = await polling.send(`42/chat,1["chat_message","${"x".repeat(tooMany)}"]`);

    expect(status).toBe(413);
    const said = [
      await raw.packet((packet) => packet.startsWith('42/chat,["system.error"')),
      await polling.packet('42/chat,["system.error"'),
    ];
    for (const packet of said) expect(packet).toContain("too_large");
    await raw.packet((packet) => packet.includes("protocol_error"));
    await polling.packet('42/chat,["system.connection.close"');
    await raw.ended();
  });
});
