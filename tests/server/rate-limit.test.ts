import { describe, expect, it } from "@jest/globals";
import type { Role } from "../../shared/role.ts";
import { nested, withProto } from "../support/json.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RawEngine } from "../support/raw-engine.ts";
import { startServer } from "../support/server.ts";
import type { TestClient } from "../support/test-client.ts";
import { tokenOf } from "../support/tokens.ts";
import { within } from "../support/within.ts";

/** Five commands at once, and one a second of a time that passes when the test says so. */
async function startSlow() {
  const clock = new ManualClock();
  const env = { LIMIT_COMMANDS_PER_SECOND: "1", LIMIT_COMMANDS_BURST: "5" };
  const server = await startServer({ env, overrides: { clock } });
  return { server, clock };
}

interface Commander {
  command(name: string, payload?: unknown): Promise<{ ok: boolean; error?: { code: string } }>;
}

/** What so many commands, sent together, are answered. */
async function answersOf(client: Commander, count: number): Promise<string[]> {
  const replies = await Promise.all(
    Array.from({ length: count }, () => client.command("system.pong", { timestamp: 1 })),
  );
  return replies.map((reply) => (reply.ok ? "ok" : (reply.error?.code ?? "")));
}

const times = (count: number, answer: string) => Array.from({ length: count }, () => answer);

describe("too many commands", () => {
  it("ROUTE-3 commands beyond the burst are refused with the time to wait, and accepted after it", async () => {
    const { server, clock } = await startSlow();
    const ada = await server.connect("ada");

    const answers = await answersOf(ada, 6);
    const refused = await ada.refused("system.pong", { timestamp: 1 });
    clock.advance(500);
    const tooEarly = await ada.refused("system.pong", { timestamp: 1 });
    clock.advance(500);
    const afterwards = await answersOf(ada, 2);

    expect(answers).toEqual([...times(5, "ok"), "rate_limited"]);
    expect(refused).toMatchObject({ code: "rate_limited", retryable: true, details: { retryAfterMs: 1_000 } });
    expect(tooEarly.details).toEqual({ retryAfterMs: 500 });
    expect(afterwards).toEqual(["ok", "rate_limited"]);
  });

  it("ROUTE-3 after a pause a client may send a burst again, and no more", async () => {
    const { server, clock } = await startSlow();
    const ada = await server.connect("ada");
    await answersOf(ada, 6);

    clock.advance(30_000);

    expect(await answersOf(ada, 7)).toEqual([...times(5, "ok"), ...times(2, "rate_limited")]);
  });

  it("ROUTE-3 a command without a callback is refused too", async () => {
    const { server } = await startSlow();
    const ada = await server.connect("ada");

    for (let i = 0; i < 6; i++) ada.socket.emit("system.pong", { timestamp: 1 });

    expect(await ada.inbox.one("system.error")).toMatchObject({
      command: "system.pong",
      error: { code: "rate_limited", details: { retryAfterMs: 1_000 } },
    });
  });

  it("ROUTE-3 unknown and invalid commands count too", async () => {
    const { server } = await startSlow();
    const ada = await server.connect("ada");

    const answers = [];
    for (let i = 0; i < 3; i++) answers.push((await ada.refused("no_such_command", {})).code);
    for (let i = 0; i < 3; i++) answers.push((await ada.refused("chat_message", {})).code);

    expect(answers).toEqual([...times(3, "unknown_command"), ...times(2, "invalid_payload"), "rate_limited"]);
  });

  it("ROUTE-3 every connection is counted separately", async () => {
    const { server } = await startSlow();
    const ada = await server.connect("ada");
    const again = await server.connect("ada");
    const bob = await server.connect("bob");

    await answersOf(ada, 6);

    expect(await answersOf(again, 5)).toEqual(times(5, "ok"));
    expect(await answersOf(bob, 5)).toEqual(times(5, "ok"));
  });

  it.each<[Role, number]>([
    ["user", 5],
    ["admin", 5],
    ["agent", 100],
    ["service", 100],
  ])("ROUTE-3 the role %s may send %i at once", async (role, burst) => {
    const { server, clock } = await startSlow();
    const client = await server.connect("ada", { roles: [role] });

    const answers = await answersOf(client, burst + 1);
    clock.advance(1_000);
    const inASecond = await answersOf(client, burst / 5 + 1);

    expect(answers).toEqual([...times(burst, "ok"), "rate_limited"]);
    expect(inASecond).toEqual([...times(burst / 5, "ok"), "rate_limited"]);
  });

  it("ROUTE-3 a Socket.IO client that continues far beyond the limit is told so and closed, and no other client is", async () => {
    const { server } = await startSlow();
    const ada = await server.connect("ada", { io: { transports: ["websocket"] } });
    const other = await server.connect("ada");

    // Five are served and ten times as many refused; the next one is too much.
    const answers = await answersOf(ada, 55);
    ada.socket.emit("system.pong", { timestamp: 1 });

    expect(answers).toEqual([...times(5, "ok"), ...times(50, "rate_limited")]);
    expect(await ada.inbox.one("system.connection.close")).toEqual({ reason: "rate_limited" });
    expect(await ada.inbox.one("disconnect")).toBe("io server disconnect");
    expect(await answersOf(other, 1)).toEqual(["ok"]);
  });

  it("ROUTE-3 a client that is refused as often as allowed is not closed", async () => {
    const { server, clock } = await startSlow();
    const ada = await server.connect("ada");

    const answers = await answersOf(ada, 55);
    clock.advance(1_000);
    const served = await answersOf(ada, 1);

    expect(answers).toEqual([...times(5, "ok"), ...times(50, "rate_limited")]);
    expect(served).toEqual(["ok"]);
  });

  it("ROUTE-3 a plain WebSocket that continues far beyond the limit is closed with 4008", async () => {
    const { server } = await startSlow();
    const ada = await server.connectWebSocket("ada");
    const bob = await server.connectWebSocket("bob");

    const frame = JSON.stringify({ type: "system.pong", payload: { timestamp: 1 } });
    for (let i = 0; i < 56; i++) ada.socket.send(frame);

    expect(await ada.inbox.one("system.connection.close")).toEqual({ reason: "rate_limited" });
    expect(await within(ada.closed, "the close")).toEqual({ code: 4008, reason: "rate_limited" });
    expect(await answersOf(bob, 1)).toEqual(["ok"]);
  });

  it("ROUTE-3 invalid frames count too", async () => {
    const { server } = await startSlow();
    const ada = await server.connectWebSocket("ada");

    for (let i = 0; i < 55; i++) ada.socket.send("no frame");
    const told = await ada.inbox.next<{ error: { code: string } }>("system.error", 55);
    ada.socket.send("no frame");

    // Answers to what was sent together may come in any order.
    const codes = told.map(({ error }) => error.code).sort();
    expect(codes).toEqual([...times(5, "invalid_payload"), ...times(50, "rate_limited")]);
    expect(await ada.inbox.one("system.connection.close")).toEqual({ reason: "rate_limited" });
    expect(await within(ada.closed, "the close")).toMatchObject({ code: 4008 });
  });
});

const patient = { LIMIT_COMMANDS_PER_SECOND: "100000", LIMIT_COMMANDS_BURST: "100000" };

async function startLimited(env: Record<string, string>) {
  const server = await startServer({ env: { ...patient, ...env } });
  const [ada] = await server.conversation("42", "ada");
  if (!ada) throw new Error("no client");
  const send = async (client: TestClient, fields: object) => {
    const reply = await client.command("chat_message", { conversationId: "42", message: "hello", ...fields });
    return reply.ok ? "ok" : reply.error.code;
  };
  return { server, ada, send };
}

describe("the size of a message", () => {
  it("ROUTE-4 it is counted in bytes on the wire, exactly", async () => {
    const { server, ada, send } = await startLimited({ LIMIT_MESSAGE_BYTES: "2048" });
    const raw = await new RawEngine(server.url).enterChat(tokenOf("ada"));
    // As Socket.IO counts: without the engine's own first digit.
    const packet = (id: number, message: string) =>
      `2/chat,${id}["chat_message",{"conversationId":"42","message":"${message}"}]`;
    const rest = 2_048 - packet(1, "").length;

    raw.send(`4${packet(1, "x".repeat(rest))}`);
    raw.send(`4${packet(2, "x".repeat(rest + 1))}`);
    raw.send(`4${packet(3, "é".repeat(rest / 2 + 1))}`);

    expect(await raw.reply(1)).toMatchObject({ ok: true });
    expect(await raw.reply(2)).toMatchObject({ ok: false, error: { code: "too_large", retryable: false } });
    expect(await raw.reply(3)).toMatchObject({ ok: false, error: { code: "too_large" } });
    expect(await send(ada, {})).toBe("ok");
  });

  it("ROUTE-4 it is counted for every message separately", async () => {
    const { ada, send } = await startLimited({ LIMIT_MESSAGE_BYTES: "2048" });

    const answers = await Promise.all(Array.from({ length: 10 }, () => send(ada, { message: "x".repeat(1_500) })));

    expect(answers).toEqual(times(10, "ok"));
  });

  it("ROUTE-4 attachments count with their message", async () => {
    const { ada, send } = await startLimited({ LIMIT_MESSAGE_BYTES: "2048" });

    const small = await send(ada, { metadata: { binary: Buffer.alloc(10) } });
    const large = await send(ada, { metadata: { binary: Buffer.alloc(2_048) } });

    expect([small, large]).toEqual(["invalid_payload", "too_large"]);
    expect(await send(ada, {})).toBe("ok");
  });

  it("ROUTE-4 the client gets the limit when it connects", async () => {
    const { server } = await startLimited({ LIMIT_MESSAGE_BYTES: "2048", LIMIT_JSON_DEPTH: "8" });
    const client = server.client("ada");

    const established = await client.inbox.one("system.connection.established");

    expect(established).toMatchObject({ limits: { messageBytes: 2_048, jsonDepth: 8 } });
  });

  it("ROUTE-4 JSON may have the maximum depth, and no more", async () => {
    const { ada, send } = await startLimited({ LIMIT_JSON_DEPTH: "8" });

    // The payload and `metadata` are two levels above.
    const deepest = await send(ada, { metadata: { a: nested(6) } });
    const tooDeep = await send(ada, { metadata: { a: nested(7) } });

    expect([deepest, tooDeep]).toEqual(["ok", "too_large"]);
  });

  it("ROUTE-4 __proto__ is not allowed as a key at any depth, and other names of the language are", async () => {
    const { ada, send } = await startLimited({});

    const onTop = await ada.refused("chat_message", withProto({ conversationId: "42", message: "hello" }));
    const inside = await send(ada, { metadata: { list: [{ deep: withProto({}) }] } });
    const others = await send(ada, { metadata: { constructor: 1, prototype: { toString: 2 }, hasOwnProperty: 3 } });

    expect([onTop.code, inside, others]).toEqual(["invalid_payload", "invalid_payload", "ok"]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
