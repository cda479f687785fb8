import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { RawEngine } from "../support/raw-engine.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { texts } from "../support/test-client.ts";
import { tokenOf } from "../support/tokens.ts";
import { upgrade } from "../support/upgrade.ts";

const nextMessage = '42/chat,9["chat_message",{"conversationId":"42","message":"still here"}]';

/** Ada, who talks to the engine by hand, and bob, who watches, in a conversation of theirs. */
async function startRaw() {
  const server = await startServer();
  const [bob] = await server.conversation("42", "bob", "ada");
  if (!bob) throw new Error("no client");
  const ada = await new RawEngine(server.url).enterChat(tokenOf("ada"));
  return { server, ada, bob };
}

async function expectToGoOn(server: TestServer, bob: Awaited<ReturnType<typeof startRaw>>["bob"]) {
  const other = await server.connect("bob");
  await other.ok("chat_message", { conversationId: "42", message: "life goes on" });
  await bob.inbox.until(() => texts(bob.seen(EventType.ChatMessage)).includes("life goes on"), "the next message");
  expect(bob.inbox.of("disconnect")).toEqual([]);
  expect(server.lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
}

/** Event names that the parser lets through, and what there is instead of a name. */
const names: [string, string, unknown][] = [
  ["an unknown name", '"no_such_command"', "no_such_command"],
  ["no name", '""', ""],
  ["a very long name", JSON.stringify("x".repeat(30_000)), "x".repeat(64)],
  ["error", '"error"', "error"],
  ["message", '"message"', "message"],
  ["connection", '"connection"', "connection"],
  ["close", '"close"', "close"],
  ["disconnected", '"disconnected"', "disconnected"],
  ["__proto__", '"__proto__"', "__proto__"],
  ["constructor", '"constructor"', "constructor"],
  ["toString", '"toString"', "toString"],
  ["hasOwnProperty", '"hasOwnProperty"', "hasOwnProperty"],
  ["a server's message", '"system.connection.close"', "system.connection.close"],
  ["a command of another namespace", '"admin.announce"', "admin.announce"],
  ["a command of HTTP alone", '"notify_user"', "notify_user"],
  ["a command with its namespace", '"/chat chat_message"', "/chat chat_message"],
  ["line breaks", '"a\\nb\\u2028c\\u0000"', "a\nb\u2028c\u0000"],
  ["a number", "5", null],
];

describe("the names of events", () => {
  it.each(names)("BAD-4 %s is an unknown command, and the connection continues", async (_what, name, shown) => {
    const { server, ada, bob } = await startRaw();

    ada.send(`42/chat,1[${name},{}]`);
    ada.send(`42/chat,[${name},{}]`);
    ada.send(nextMessage);

    expect(await ada.reply(1)).toMatchObject({ ok: false, error: { code: "unknown_command", retryable: false } });
    expect(await ada.reply(9)).toMatchObject({ ok: true });
    const told = await ada.packet((packet) => packet.startsWith('42/chat,["system.error"'));
    expect(JSON.parse(told.slice("42/chat,".length))).toMatchObject([
      "system.error",
      { command: shown, error: { code: "unknown_command" } },
    ]);
    await expectToGoOn(server, bob);
  });

  it.each([
    ["nothing but a number to answer under", "42/chat,1"],
    ["a number and no name", "42/chat,1[7]"],
  ])("BAD-4 an event that is %s is an unknown command", async (_what, packet) => {
    const { server, ada, bob } = await startRaw();

    ada.send("42/chat,");
    ada.send(packet);
    ada.send(nextMessage);

    expect(await ada.reply(1)).toMatchObject({ ok: false, error: { code: "unknown_command" } });
    expect(await ada.reply(9)).toMatchObject({ ok: true });
    await expectToGoOn(server, bob);
  });

  it("BAD-4 an error without a callback is sent as system.error", async () => {
    const server = await startServer();
    const [ada, bob] = await server.conversation("42", "ada", "bob");

    ada?.socket.emit("chat_message", { conversationId: "42", message: "" });
    ada?.socket.emit("chat_message", { conversationId: "42", message: "without a callback" });

    const error = await ada?.inbox.one("system.error");
    expect(error).toMatchObject({ command: "chat_message", error: { code: "invalid_payload" } });
    expect(texts((await bob?.next(EventType.ChatMessage, 1)) ?? [])).toEqual(["without a callback"]);
  });

  it("BAD-4 a callback in the middle of the arguments is ignored", async () => {
    const server = await startServer();
    const ada = await server.connect("ada");

    ada.socket.emit("conversation.list", () => {}, {});

    expect(await ada.inbox.one("system.error")).toMatchObject({ error: { code: "invalid_payload" } });
    expect(await ada.ok("conversation.list", {})).toMatchObject({ conversations: [] });
  });
});

const megabyte = 1_048_576;
const deep = "[".repeat(200_000) + "]".repeat(200_000);

/** Packets, one or several in a row, that no client should send, each on a connection that is in `/chat`. */
const endings: [string, (string | Buffer)[]][] = [
  ["an Engine.IO packet of no type", ["garbage"]],
  ["an empty Engine.IO packet", [""]],
  ["a ping, which is the server's to send", ["2probe"]],
  ["a Socket.IO packet of no type", ["49"]],
  ["no Socket.IO packet at all", ["4"]],
  ["truncated JSON", ['42/chat,["chat_message",{"conversationId":"42"']],
  ["an event that is no list", ['42/chat,{"name":"chat_message"}']],
  ["an event without a name", ["42/chat,[]"]],
  ["an event whose name is null", ["42/chat,[null,{}]"]],
  ["an event whose name is an object", ['42/chat,[{"toString":1},{}]']],
  ["disconnecting", ['42/chat,["disconnecting","now"]']],
  ["connect", ['42/chat,["connect",{}]']],
  ["newListener", ['42/chat,["newListener",{}]']],
  ["an event of a namespace it is not in", ['42/admin,["admin.announce",{"message":"x","level":"info"}]']],
  ["an event of no namespace", ['42["chat_message",{}]']],
  ["an event of a namespace that does not exist", ['42/nowhere,["x"]']],
  ["a refusal of its own", ['44/chat,{"message":"no"}']],
  ["a CONNECT that brings a list", ['40/chat,["token"]', '40/monitoring,["token"]']],
  ["more attachments than there may be", ["451000-/chat,[]"]],
  ["attachments of no number", ["45x-/chat,[]"]],
  ["an attachment that nothing announced", [Buffer.from([1, 2, 3])]],
  ["text in place of an attachment", ['451-/chat,["x",{"_placeholder":true,"num":0}]', "42/chat,[]"]],
  [
    "a placeholder of an attachment that is not there",
    ['451-/chat,["x",{"_placeholder":true,"num":7}]', Buffer.from([1])],
  ],
  ["attachments within endless depth", [`451-/chat,["x",${deep}]`, Buffer.from([1])]],
  ["a packet of 10 MB", [`42/chat,["chat_message",{"message":"${"x".repeat(10 * megabyte)}"}]`]],
  ["an attachment of 10 MB", ['451-/chat,["x",{"_placeholder":true,"num":0}]', Buffer.alloc(10 * megabyte)]],
];

describe("malformed packets", () => {
  it.each(endings)("BAD-6 %s ends only its own connection", async (_what, packets) => {
    const { server, ada, bob } = await startRaw();

    for (const packet of packets) ada.send(packet);

    await ada.ended();
    await expectToGoOn(server, bob);
  });

  it.each([
    ["truncated JSON", '42/chat,["chat_message",{"conversationId":"42"'],
    ["an event of the library's own", '42/chat,["disconnecting","now"]'],
  ])("BAD-6 a client that sends %s gets protocol_error before the end", async (_what, packet) => {
    const { ada } = await startRaw();

    ada.send(packet);

    const told = await ada.packet((packet) => packet.startsWith('42/chat,["system.connection.close"'));
    expect(told).toBe('42/chat,["system.connection.close",{"reason":"protocol_error"}]');
    await ada.ended();
  });

  it.each([
    [
      "an acknowledgement of nothing",
      ["43/chat,17[1]", "43/chat,18", '461-/chat,19[{"_placeholder":true,"num":0}]', Buffer.from([1])],
    ],
    ["Engine.IO packets that mean nothing now", ["6", "5", "3"]],
    [
      "a CONNECT to a namespace that does not exist",
      ["40/nowhere,{}", "40/__proto__,{}", `40/${"x".repeat(60_000)},{}`],
    ],
    ["a CONNECT with somebody's idea of a token", ['40/monitoring,{"token":{"a":1}}', '40/admin,{"token":null}']],
  ])("BAD-6 after %s the connection continues", async (_what, packets) => {
    const { server, ada, bob } = await startRaw();

    for (const packet of packets) ada.send(packet);
    ada.send(nextMessage);

    expect(await ada.reply(9)).toMatchObject({ ok: true });
    await expectToGoOn(server, bob);
  });

  it("BAD-6 a binary attachment is not accepted as a payload, and the connection continues", async () => {
    const { server, ada, bob } = await startRaw();

    ada.send('451-/chat,1["chat_message",{"_placeholder":true,"num":0}]');
    ada.send(Buffer.from("binary"));
    ada.send('452-/chat,2["chat_message",{"conversationId":"42","message":{"_placeholder":true,"num":1}}]');
    ada.send(Buffer.from("one"));
    ada.send(Buffer.from("two"));
    ada.send(nextMessage);

    expect(await ada.reply(1)).toMatchObject({ ok: false, error: { code: "invalid_payload" } });
    expect(await ada.reply(2)).toMatchObject({ ok: false, error: { code: "invalid_payload" } });
    expect(await ada.reply(9)).toMatchObject({ ok: true });
    await expectToGoOn(server, bob);
  });

  it("BAD-6 JSON of the greatest depth that fits into a packet is too_large, and the connection continues", async () => {
    const { server, ada, bob } = await startRaw();
    const half = 32_000;

    ada.send(`42/chat,1["chat_message",${"[".repeat(half)}${"]".repeat(half)}]`);
    ada.send(`42/chat,2["chat_message",${deep}]`);
    ada.send(nextMessage);

    expect(await ada.reply(1)).toMatchObject({ ok: false, error: { code: "too_large" } });
    expect(await ada.reply(2)).toMatchObject({ ok: false, error: { code: "too_large" } });
    expect(await ada.reply(9)).toMatchObject({ ok: true });
    await expectToGoOn(server, bob);
  });

  it("BAD-6 five hundred CONNECT packets for one namespace open at most one connection to it", async () => {
    const server = await startServer();
    const [bob] = await server.conversation("42", "bob", "ada");
    const ada = await new RawEngine(server.url).open();
    const token = tokenOf("ada");

    for (let i = 0; i < 500; i++) ada.send(`40/chat,${JSON.stringify({ token })}`);

    // They are more than anybody needs, too, and end the connection that sends them.
    await ada.ended();
    const { body } = await server.request("GET", "/api/websocket/status", { as: null });
    expect((body as { rooms: { chat: number } }).rooms.chat).toBeLessThanOrEqual(2);
    if (bob) await expectToGoOn(server, bob);
  });

  it.each([
    ["garbage", "garbage", 200],
    ["a packet of no type", "9", 200],
    ["far too much", "4".repeat(2 * megabyte), 413],
  ])("BAD-6 %s over polling ends at most its own connection", async (_what, body, status) => {
    const { server, bob } = await startRaw();
    const ada = await server.connect("ada", { io: { transports: ["polling"], reconnection: false } });
    const session = `/socket.io/?EIO=4&transport=polling&sid=${ada.socket.io.engine.id}`;

    const answer = await server.request("POST", session, { as: null, body });

    expect(answer.status).toBe(status);
    await expectToGoOn(server, bob);
  });

  it.each([
    ["a session that does not exist", "?EIO=4&transport=polling&sid=nowhere", 400],
    ["a transport that does not exist", "?EIO=4&transport=pigeon", 400],
    ["a protocol of the past", "?EIO=3&transport=polling", 400],
    ["__proto__ for a session", "?EIO=4&transport=polling&sid=__proto__", 400],
    ["__proto__ for a transport", "?EIO=4&transport=__proto__", 400],
    ["constructor for a transport", "?EIO=4&transport=constructor", 400],
  ])("BAD-6 %s is refused by the engine", async (_what, query, status) => {
    const { server, bob } = await startRaw();

    const answer = await server.request("GET", `/socket.io/${query}`, { as: null });

    expect(answer.status).toBe(status);
    await expectToGoOn(server, bob);
  });

  it.each(["polling", "websocket"])(
    "BAD-8 a client of Socket.IO 2 learns at %s that it is too old",
    async (transport) => {
      const { server, bob } = await startRaw();
      const path = `/socket.io/?EIO=3&transport=${transport}`;

      const answer =
        transport === "websocket"
          ? await upgrade(server.url, path)
          : await fetch(server.url + path).then(async (got) => ({ status: got.status, body: await got.text() }));

      expect(answer.status).toBe(400);
      const { message } = JSON.parse(answer.body ?? "");
      expect(message).toMatch(/Unsupported protocol version.*Socket\.IO 3 or 4/);
      await expectToGoOn(server, bob);
    },
  );
});
