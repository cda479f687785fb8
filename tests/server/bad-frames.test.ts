import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { nested } from "../support/json.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { type TestClient, texts } from "../support/test-client.ts";
import { tokenOf } from "../support/tokens.ts";
import { upgrade } from "../support/upgrade.ts";
import { within } from "../support/within.ts";

/** Ada, at the plain door, and bob, who watches, in a conversation of theirs. */
async function startPlain(env: Record<string, string> = {}) {
  const server = await startServer({ env });
  const [bob] = await server.conversation("42", "bob", "ada");
  if (!bob) throw new Error("no client");
  const ada = await server.connectWebSocket("ada");
  return { server, ada, bob };
}

async function expectToGoOn(server: TestServer, bob: TestClient) {
  await bob.ok("chat_message", { conversationId: "42", message: "life goes on" });
  await bob.inbox.until(() => texts(bob.seen(EventType.ChatMessage)).includes("life goes on"), "the next message");
  expect(server.lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
}

const text = JSON.stringify;
const payload = { conversationId: "42", message: "hello" };

/** Frames that are no frame of the protocol. */
const broken: [string, string | Buffer][] = [
  ["nothing", ""],
  ["no JSON", "hello"],
  ["truncated JSON", '{"type":"chat_message"'],
  ["two values", '{"type":"x"}{"type":"x"}'],
  ["null", "null"],
  ["true", "true"],
  ["a number", "7"],
  ["a string", '"chat_message"'],
  ["a list", text([{ type: "chat_message", id: "1", payload }])],
  ["an empty object", "{}"],
  ["no type", text({ id: "1", payload })],
  ["an empty type", text({ type: "", id: "1", payload })],
  ["a number for a type", text({ type: 7, id: "1", payload })],
  ["null for a type", text({ type: null, id: "1", payload })],
  ["an object for a type", text({ type: { toString: 1 }, id: "1", payload })],
  ["a type that is too long", text({ type: "x".repeat(129), id: "1", payload })],
  ["a number for an id", text({ type: "chat_message", id: 1, payload })],
  ["null for an id", text({ type: "chat_message", id: null, payload })],
  ["a key that is not known", text({ type: "chat_message", id: "1", payload, extra: 1 })],
  ["the payload's fields outside of it", text({ type: "chat_message", id: "1", ...payload })],
  [
    "__proto__ as a key",
    `{"__proto__":{"type":"chat_message"},"type":"chat_message","id":"1","payload":${text(payload)}}`,
  ],
  ["binary JSON", Buffer.from(text({ type: "chat_message", id: "1", payload }))],
  ["binary garbage", Buffer.from([0, 255, 0, 254])],
  ["brackets without end", "[".repeat(60_000)],
];

/** Under what its sender waits for an answer: the numbered ones are all called 1. */
const isNumbered = (frame: string | Buffer) => typeof frame === "string" && /^\{.*"id":"1"/.test(frame);

describe("invalid frames on /ws", () => {
  it.each(broken)(
    "BAD-5 %s gets an error under its id, or as system.error without one, and the connection continues",
    async (_what, frame) => {
      const { server, ada, bob } = await startPlain();

      ada.socket.send(frame);

      const error = { code: "invalid_payload" };
      const answer = await ada.inbox.one(isNumbered(frame) ? "reply" : "system.error");
      expect(answer).toMatchObject(
        isNumbered(frame) ? { id: "1", payload: { ok: false, error } } : { command: null, error },
      );
      const sent = await ada.ok<{ position: { offset: number } }>("chat_message", payload);
      // The first of the conversation: the broken frame was not carried out.
      expect(sent.position.offset).toBe(1);
      await expectToGoOn(server, bob);
    },
  );

  it.each([
    ["a type that is no command", { type: "no_such_command" }, "unknown_command"],
    ["__proto__ for a type", { type: "__proto__" }, "unknown_command"],
    ["constructor for a type", { type: "constructor" }, "unknown_command"],
    ["a reply of its own", { type: "reply", payload: { ok: true } }, "unknown_command"],
    ["a server's message", { type: "system.connection.close", payload: { reason: "kicked" } }, "unknown_command"],
    ["a command of /admin", { type: "admin.announce", payload: { message: "x", level: "info" } }, "unknown_command"],
    ["no payload", { type: "chat_message" }, "invalid_payload"],
    ["null for a payload", { type: "chat_message", payload: null }, "invalid_payload"],
    ["a list for a payload", { type: "chat_message", payload: [payload] }, "invalid_payload"],
    [
      "a payload that is too deep",
      { type: "chat_message", payload: { ...payload, metadata: { a: nested(40) } } },
      "too_large",
    ],
  ])("BAD-5 %s is refused under its id, or as system.error without one", async (_what, frame, code) => {
    const { server, ada, bob } = await startPlain();

    ada.socket.send(text({ ...frame, id: "1" }));
    ada.socket.send(text(frame));

    expect(await ada.inbox.one("reply")).toMatchObject({ id: "1", payload: { ok: false, error: { code } } });
    expect(await ada.inbox.one("system.error")).toMatchObject({ command: frame.type, error: { code } });
    expect(await ada.ok("chat_message", payload)).toMatchObject({ position: { offset: 1 } });
    await expectToGoOn(server, bob);
  });

  it("BAD-5 __proto__ within a payload is refused", async () => {
    const { server, ada, bob } = await startPlain();

    ada.socket.send(`{"type":"chat_message","id":"1","payload":{"__proto__":{"conversationId":"42"},"message":"x"}}`);

    expect(await ada.inbox.one("reply")).toMatchObject({ payload: { error: { code: "invalid_payload" } } });
    await expectToGoOn(server, bob);
  });

  it.each(["", "x".repeat(10_000), "1 é\n"])("BAD-5 any text may be an id", async (id) => {
    const { ada } = await startPlain();

    ada.socket.send(text({ type: "conversation.list", id }));

    expect(await ada.inbox.one("reply")).toMatchObject({ id, payload: { ok: true } });
  });

  it("BAD-5 a frame of the maximum size is carried out, and a larger one closes the connection with 1009", async () => {
    const { server, ada, bob } = await startPlain({ LIMIT_MESSAGE_BYTES: "2048" });
    const frame = (message: string) => text({ type: "chat_message", id: "1", payload: { ...payload, message } });
    const rest = 2048 - frame("").length;

    ada.socket.send(frame("x".repeat(rest)));
    expect(await ada.inbox.one("reply")).toMatchObject({ payload: { ok: true } });
    ada.socket.send(frame("x".repeat(rest + 1)));

    expect((await within(ada.closed, "the close")).code).toBe(1009);
    await expectToGoOn(server, bob);
  });

  it.each([
    ["a frame that is not masked", Buffer.from([0x81, 0x01, 0x41]), 1002],
    ["an opcode that does not exist", Buffer.from([0x83, 0x80, 0, 0, 0, 0]), 1002],
    ["reserved bits", Buffer.from([0xf1, 0x80, 0, 0, 0, 0]), 1002],
    ["a continuation of nothing", Buffer.from([0x80, 0x80, 0, 0, 0, 0]), 1002],
    ["text that is no UTF-8", Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0xff]), 1007],
    ["the announcement of 4 GB", Buffer.from([0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]), 1009],
  ])("BAD-5 %s ends only its own connection", async (_what, bytes, code) => {
    const { server, bob } = await startPlain();
    const { socket } = await upgrade(server.url, `/ws?token=${tokenOf("ada")}`);
    const received: Buffer[] = [];
    const end = new Promise<void>(
      (resolve) => void socket?.on("data", (data) => received.push(data)).on("close", resolve),
    );

    socket?.write(bytes);
    await within(end, "the end of the connection");

    // The last thing is a close frame that says why.
    const last = Buffer.concat(received).subarray(-4);
    expect(last.indexOf(Buffer.from([code >> 8, code & 0xff]))).toBeGreaterThanOrEqual(0);
    await expectToGoOn(server, bob);
  });
});
