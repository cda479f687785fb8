import { describe, expect, it } from "@jest/globals";
import type { CommandData } from "../../shared/commands/catalogue.ts";
import { EventType } from "../../shared/event-type.ts";
import { RawEngine } from "../support/raw-engine.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import { handshake, Tcp, textFrame } from "../support/tcp.ts";
import { offsets, type TestClient, texts } from "../support/test-client.ts";
import { tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";

const room = "conversation:42";
const noLimits = { LIMIT_COMMANDS_PER_SECOND: "1000000", LIMIT_COMMANDS_BURST: "1000000" };
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

type JoinReply = CommandData<"/chat", "join_room">;

/** Publishes without waiting for one another. */
function burst(client: TestClient, from: number, to: number): Promise<unknown> {
  const payload = (number: number) => ({ conversationId: "42", message: String(number) });
  return Promise.all(numbers(from, to).map((number) => client.ok("chat_message", payload(number))));
}

/** What came, from the last packet that was there before: without the packets that are Engine.IO's own. */
function packetsOf(engine: RawEngine): string[] {
  return engine.inbox.of<string>("packet").filter((packet) => /^4[23]/.test(packet));
}

async function rawAda(server: TestServer): Promise<RawEngine> {
  return new RawEngine(server.url).enterChat(tokenOf("ada"));
}

describe("fan-out", () => {
  it("FAN-11 a client that connects is answered in two writes", async () => {
    const server = await startServer();
    const tcp = new Tcp(server.url);

    tcp.write(handshake("/socket.io/?EIO=4&transport=websocket"));
    await eventually(() => tcp.received.includes("pingTimeout"), "the engine's greeting");
    tcp.write(textFrame(`40/chat,${JSON.stringify({ token: tokenOf("ada") })}`));
    await eventually(() => tcp.received.includes("system.connection.established"), "the namespace");

    const [upgraded = "", entered = "", ...more] = tcp.pieces;
    expect(upgraded).toMatch(/^HTTP\/1.1 101 .*pingTimeout/s);
    expect(entered).toMatch(/40\/chat,\{"sid".*42\/chat,\["system.connection.established"/s);
    expect(more).toEqual([]);
  });
});

describe.each(stores)("fan-out (%s)", (store) => {
  it("FAN-2 replies, events and messages for one connection are written in the order in which they were made", async () => {
    const server = await startServer({ store, env: noLimits });
    const [bob] = await server.conversation("42", "bob", "ada");
    const ada = await rawAda(server);
    const say = (id: number, name: string, payload: unknown) =>
      ada.send(`42/chat,${id}${JSON.stringify([name, payload])}`);

    say(1, "join_room", { room });
    for (const id of [2, 3, 4]) say(id, "chat_message", { conversationId: "42", message: `m${id}` });
    say(5, "typing_indicator", { conversationId: "42", isTyping: true });
    // A reply says that an event is kept; that it is delivered may come a moment later.
    await ada.packet((packet) => packet.includes('"m4"') && packet.startsWith("42"));
    say(6, "leave_room", { room });
    say(7, "chat_message", { conversationId: "42", message: "after leaving" });
    await ada.reply(7);
    await bob.next(EventType.ChatMessage, 4);
    say(8, "history", { room });
    await ada.reply(8);

    const packets = packetsOf(ada);
    const place = (start: string) => packets.findIndex((packet) => packet.includes(start));
    const events = packets.filter((packet) => packet.startsWith('42/chat,["chat_message"'));
    // Joined before the first event. What is announced over another connection to Redis than the one that appends may
    // come too late for who leaves at once; what comes has no hole and is before the end of being there.
    const seen = events.map((packet) => /m\d/.exec(packet)?.[0]);
    expect(seen).toEqual(["m2", "m3", "m4"].slice(0, store === "memory" ? 3 : seen.length));
    expect(packets.slice(0, place("43/chat,1[")).filter((packet) => events.includes(packet))).toEqual([]);
    expect(packets.slice(place("43/chat,6[")).filter((packet) => events.includes(packet))).toEqual([]);
    expect(place("43/chat,6[")).toBeLessThan(place("43/chat,7["));
    expect(packets.filter((packet) => packet.startsWith("43"))).toHaveLength(8);
  });

  it("FAN-2 a removed member gets everything before the notification of the removal, and nothing after it", async () => {
    const server = await startServer({ store, env: noLimits });
    const [ada, bob] = await server.conversation("42", "ada", "bob");

    await burst(ada, 1, 20);
    await bob.inbox.until(() => bob.seen(EventType.ChatMessage).length >= 20, "the first twenty");
    const later = [burst(ada, 21, 40), ada.ok("conversation.remove_member", { conversationId: "42", userId: "bob" })];
    await bob.inbox.one("system.room.left");
    await Promise.all(later);
    await burst(ada, 41, 60);
    await bob.ok("conversation.list", {});

    const names = bob.inbox.all.map(({ name }) => name);
    const seen = offsets(bob.seen(EventType.ChatMessage));
    expect(names.lastIndexOf(EventType.ChatMessage)).toBeLessThan(names.indexOf("system.room.left"));
    expect(seen).toEqual(numbers(1, seen.length));
    expect(seen.length).toBeGreaterThanOrEqual(20);
  });

  it.each([
    ["a WebSocket", ["websocket"]],
    ["polling", ["polling"]],
    ["polling that becomes a WebSocket", ["polling", "websocket"]],
  ])("FAN-4 a client that joins and leaves during a burst gets a part without gaps, over %s", async (_, transports) => {
    const server = await startServer({ store, env: noLimits });
    const [ada] = await server.conversation("42", "ada", "bob");
    const bob = await server.connect("bob", { io: { transports } });
    /** What bob sees from a join's reply to the reply of leaving, as one list each. */
    const stays: { from: number; seen: (number | undefined)[] }[] = [];
    let isIn = false;
    const outside: unknown[] = [];
    bob.socket.on(EventType.ChatMessage, (event: { position: { offset: number } }) => {
      if (isIn) stays.at(-1)?.seen.push(event.position.offset);
      else outside.push(event);
    });
    const stay = () =>
      new Promise<void>((resolve) => {
        bob.socket.emit("join_room", { room, limit: 1 }, ({ data }: { data: JoinReply }) => {
          isIn = true;
          stays.push({ from: data.position.offset, seen: [] });
          bob.socket.emit("leave_room", { room }, () => {
            isIn = false;
            resolve();
          });
        });
      });

    let sent = 0;
    for (let round = 0; round < 15; round++) {
      const written = burst(ada, sent + 1, sent + 10);
      sent += 10;
      await stay();
      await written;
    }
    const { position } = await bob.ok("join_room", { room, limit: 1 });

    expect(position.offset).toBe(sent);
    expect(outside).toEqual([]);
    expect(stays).toHaveLength(15);
    for (const { from, seen } of stays) expect(seen).toEqual(numbers(from + 1, from + seen.length));
  });

  it("FAN-5 nothing is lost, duplicated or reordered while polling is upgraded to a WebSocket", async () => {
    const server = await startServer({ store, env: noLimits });
    const [ada] = await server.conversation("42", "ada", "bob");
    const bob = server.client("bob", { io: { transports: ["polling", "websocket"] } });
    const upgraded = new Promise<void>((resolve) => {
      bob.socket.io.on("open", () => bob.socket.io.engine.once("upgrade", () => resolve()));
    });
    await bob.inbox.one("system.connection.established");
    const { position } = await bob.ok("join_room", { room, limit: 1 });
    let sent = 0;
    let isUpgraded = false;
    void upgraded.then(() => {
      isUpgraded = true;
    });

    // Before, meanwhile and after.
    while (!isUpgraded && sent < 20_000) {
      await burst(ada, sent + 1, sent + 10);
      sent += 10;
    }
    await burst(ada, sent + 1, sent + 10);
    sent += 10;
    const seen = await bob.next(EventType.ChatMessage, sent);

    expect(isUpgraded).toBe(true);
    expect(offsets(seen)).toEqual(numbers(position.offset + 1, sent));
    expect(bob.seen(EventType.ChatMessage)).toHaveLength(sent);
  });

  it("FAN-6 frames of 64 KiB and more arrive complete at both doors, even many in one turn", async () => {
    const env = { ...noLimits, LIMIT_MESSAGE_BYTES: "1048576", LIMIT_BACKLOG_BYTES: "100000000" };
    const server = await startServer({ store, env });
    const [ada, bob] = await server.conversation("42", "ada", "bob");
    const plain = await server.connectWebSocket("bob");
    await plain.ok("join_room", { room });
    const sizes = [65_000, 65_536, 66_000, 131_072, 300_000, 1_000];
    const filler = (size: number) => `${"ä€x".repeat(size / 6)}${size}`;

    await Promise.all(
      sizes.map((size) =>
        ada.ok("chat_message", { conversationId: "42", message: String(size), metadata: { filler: filler(size) } }),
      ),
    );

    const events = await bob.next(EventType.ChatMessage, sizes.length);
    const frames = await plain.inbox.next<{ data: unknown }>(EventType.ChatMessage, sizes.length);
    const expected = sizes.map((size) => ({ message: String(size), metadata: { filler: filler(size) } }));
    expect(events.map(({ data }) => data)).toEqual(expected);
    expect(frames.map(({ data }) => data)).toEqual(expected);
  });

  it("FAN-7 a client that stops reading for a while loses nothing, at both doors", async () => {
    const env = { ...noLimits, LIMIT_BACKLOG_BYTES: "1073741824", LIMIT_BACKLOG_MS: "600000" };
    const server = await startServer({ store, env });
    const [ada, bob] = await server.conversation("42", "ada", "bob");
    const plain = await server.connectWebSocket("bob");
    await plain.ok("join_room", { room });
    const filler = "x".repeat(60_000);
    const sendLarge = (number: number) =>
      ada.ok("chat_message", { conversationId: "42", message: String(number), metadata: { filler } });
    const { ws } = bob.socket.io.engine.transport as unknown as {
      ws?: { _socket: { pause(): void; resume(): void } };
    };
    expect(bob.socket.io.engine.transport.name).toBe("websocket");

    ws?._socket.pause();
    plain.socket.pause();
    // More than the buffers of the network take: some of it waits in the server.
    for (let number = 1; number <= 200; number += 5) {
      await Promise.all([0, 1, 2, 3, 4].map((more) => sendLarge(number + more)));
    }
    const typing = bob.ok("typing_indicator", { conversationId: "42", isTyping: true });
    ws?._socket.resume();
    plain.socket.resume();
    await typing;
    await sendLarge(201);

    const seen = await bob.next(EventType.ChatMessage, 201);
    const frames = await plain.inbox.next<{ position: { offset: number }; data: unknown }>(EventType.ChatMessage, 201);
    expect(texts(seen)).toEqual(numbers(1, 201).map(String));
    expect(offsets(frames)).toEqual(numbers(1, 201));
  });

  it("FAN-10 a greedy connection's commands are all answered, in order, while others are served in between", async () => {
    const server = await startServer({ store, env: noLimits });
    const [bob] = await server.conversation("42", "bob", "ada");
    const ada = await rawAda(server);
    const count = 1_000;

    const packets = numbers(1, count).map((id) => {
      return `42/chat,${id}["chat_message",{"conversationId":"42","message":"${id}"}]`;
    });
    for (const packet of packets) ada.send(packet);
    // Somebody else's command does not wait for all of them.
    await bob.ok("typing_indicator", { conversationId: "42", isTyping: true });
    await ada.reply(count);

    const answered = packetsOf(ada).filter((packet) => packet.startsWith("43"));
    expect(answered.map((packet) => Number(/^43\/chat,(\d+)\[\{"ok":true/.exec(packet)?.[1]))).toEqual(
      numbers(1, count),
    );
    expect(texts(await bob.next(EventType.ChatMessage, count))).toEqual(numbers(1, count).map(String));
  });
});
