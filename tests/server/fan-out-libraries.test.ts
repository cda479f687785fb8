import { createRequire } from "node:module";
import { afterEach, describe, expect, it } from "@jest/globals";
import { Socket as Engine } from "engine.io";
import { Socket } from "socket.io";
import { Decoder, type Packet } from "socket.io-parser";
import { WebSocketServer } from "ws";
import { checkWebSocket } from "../../server/doors/plain-websocket/check-web-socket.ts";
import { checkEngine } from "../../server/doors/socket-io/check-engine.ts";
import { EventType } from "../../shared/event-type.ts";
import { replaceProperty, webSocketsWithout, without } from "../support/renamed-parts.ts";
import { startServer } from "../support/server.ts";
import { type TestClient, texts } from "../support/test-client.ts";

const warning = "not made as expected";

/** `ws` that looks the same, and keeps back what it is given until the next turn. */
class LaterSends extends WebSocketServer {
  override handleUpgrade(...[request, socket, head, then]: Parameters<WebSocketServer["handleUpgrade"]>): void {
    super.handleUpgrade(request, socket, head, (webSocket, ...rest) => {
      const send: unknown = Reflect.get(webSocket, "send");
      webSocket.send = (...given: unknown[]) => {
        setImmediate(() => typeof send === "function" && Reflect.apply(send, webSocket, given));
      };
      then(webSocket, ...rest);
    });
  }
}

/** A decoder that gives each listener a copy of the packet. */
function copyPackets(): () => void {
  const { on } = Decoder.prototype;
  Reflect.set(Decoder.prototype, "on", function (this: Decoder, name: "decoded", listener: (packet: Packet) => void) {
    return Reflect.apply(on, this, [
      name,
      (packet: Packet) =>
        listener.call(this, Array.isArray(packet.data) ? { ...packet, data: [...packet.data] } : packet),
    ]);
  });
  return () => void Reflect.set(Decoder.prototype, "on", on);
}

const keepFirst = (value: unknown, before: unknown) => before ?? value;

/** What is missing, by the name that the log has for it, and how it is taken away. */
const missing: { name: string; wsEngine?: unknown; patch?: () => () => void }[] = [
  { name: "_socket", wsEngine: webSocketsWithout("_socket") },
  { name: "_sender._state", wsEngine: webSocketsWithout("_sender._state") },
  { name: "_sender._queue", wsEngine: webSocketsWithout("_sender._queue") },
  { name: "_sender._queue", wsEngine: webSocketsWithout("_sender") },
  { name: "_receiver._maxPayload", wsEngine: webSocketsWithout("_receiver._maxPayload") },
  { name: "pause", wsEngine: webSocketsWithout("pause") },
  { name: "resume", wsEngine: webSocketsWithout("resume") },
  { name: "terminate", wsEngine: webSocketsWithout("terminate") },
  { name: "order of writes", wsEngine: LaterSends },
  {
    name: "transport.socket",
    patch: () => replaceProperty(Engine, "transport", (transport) => without(Object(transport), "socket")),
  },
  { name: "handshake", patch: () => replaceProperty(Socket, "handshake", keepFirst) },
  { name: "conn.request", patch: () => replaceProperty(Engine, "request", keepFirst) },
  { name: "decoded packets", patch: copyPackets },
];

const restore: (() => void)[] = [];
afterEach(() => {
  for (const undo of restore.splice(0)) undo();
});

/** The WebSocket under a stock client. */
function webSocketOf({ socket }: TestClient): { pause(): void; resume(): void } {
  return Object(Reflect.get(socket.io.engine.transport, "ws"));
}

describe("the libraries under the doors", () => {
  it("FAN-8 their internals are as expected", async () => {
    const found = await Promise.all([checkEngine(), checkWebSocket()]);

    expect(found).toEqual([[], []]);
  });

  it("FAN-8 another version with the same internals is written to directly too", async () => {
    const own: unknown = createRequire(import.meta.url)("ws");
    const { WebSocketServer: other } = own as { WebSocketServer: unknown };

    expect(await checkEngine(other)).toEqual([]);
  });

  it.each(missing)(
    "FAN-8 without $name there is a line in the log, chat works, and limits hold",
    async ({ name, wsEngine = WebSocketServer, patch }) => {
      if (patch) restore.push(patch());
      const server = await startServer({
        store: "memory",
        env: { LIMIT_BACKLOG_BYTES: "65536", LIMIT_COMMANDS_PER_SECOND: "100000", LIMIT_COMMANDS_BURST: "100000" },
        overrides: { wsEngine },
      });
      const lines = server.lines.filter((line) => line.includes(warning)).map((line) => JSON.parse(line));
      const [ada, bob] = await server.conversation("42", "ada", "bob");
      const say = (message: string, filler = "") =>
        ada.command("chat_message", { conversationId: "42", message, metadata: { filler } });

      const messages = Array.from({ length: 50 }, (_unused, index) => String(index));
      await Promise.all(messages.map((message) => say(message)));
      const heard = texts(await bob.next(EventType.ChatMessage, messages.length));
      const tooLarge = await say("too large", "x".repeat(70_000));
      const reader = await server.connect("bob", { io: { transports: ["websocket"], reconnection: false } });
      await reader.ok("join_room", { room: "conversation:42" });
      const webSocket = webSocketOf(reader);
      webSocket.pause();
      let sent = 0;
      while (!server.lines.some((line) => line.includes("slow_consumer")) && sent < 2_000) {
        await say(String(++sent), "x".repeat(60_000));
      }
      webSocket.resume();
      await reader.inbox.one("disconnect");

      expect(lines).toEqual([
        expect.objectContaining({ library: "socket.io", missing: expect.arrayContaining([name]) }),
      ]);
      expect(heard).toEqual(messages);
      expect(tooLarge).toMatchObject({
        error: { code: "too_large", message: expect.stringMatching(/has 70\d{3} bytes/) },
      });
      expect(sent).toBeLessThan(2_000);
    },
  );

  it("FAN-8 an engine that does not report its packets is not written to directly", async () => {
    const { emit } = Engine.prototype;
    Engine.prototype.emit = function (name, ...args) {
      return name === "packetCreate" ? false : emit.call(this, name, ...args);
    };
    restore.push(() => Reflect.set(Engine.prototype, "emit", emit));

    expect(await checkEngine(WebSocketServer)).toEqual(["order of writes"]);
  });

  it("FAN-8 a flood is ended even if reading cannot be paused", async () => {
    const server = await startServer({ store: "memory", overrides: { wsEngine: webSocketsWithout("pause") } });
    const ada = await server.connect("ada", { io: { transports: ["websocket"], reconnection: false } });

    for (let sent = 0; sent < 20_000; sent++) ada.socket.emit("whoami", {});

    await ada.inbox.one("disconnect");
    expect(server.lines.some((line) => line.includes("rate_limited"))).toBe(true);
  });

  it("FAN-8 the log has no line about it if all is as expected", async () => {
    const server = await startServer({ store: "memory" });

    expect(server.lines.filter((line) => line.includes(warning))).toEqual([]);
  });

  it("FAN-9 with FANOUT_COALESCE_MS events are collected, replies are not, and everything stays in order", async () => {
    const server = await startServer({ store: "memory", env: { FANOUT_COALESCE_MS: "50" } });
    const [ada, bob] = await server.conversation("42", "ada", "bob");

    const messages = Array.from({ length: 50 }, (_unused, index) => String(index));
    for (const message of messages) await ada.ok("chat_message", { conversationId: "42", message });

    // The author's replies took the events along; the others' came by themselves.
    expect(texts(ada.seen(EventType.ChatMessage))).toEqual(messages);
    expect(texts(await bob.next(EventType.ChatMessage, messages.length))).toEqual(messages);
  });
});
