import { createRequire } from "node:module";
import { describe, expect, it } from "@jest/globals";
import { WebSocketServer } from "ws";
import { checkWebSocket } from "../../server/doors/plain-websocket/check-web-socket.ts";
import { checkEngine } from "../../server/doors/socket-io/check-engine.ts";
import { EventType } from "../../shared/event-type.ts";
import { startServer } from "../support/server.ts";
import { texts } from "../support/test-client.ts";

const warning = "not made as expected";

/** `ws` with a part under another name, as another version may have it. */
class RenamedParts extends WebSocketServer {
  override handleUpgrade(...[request, socket, head, then]: Parameters<WebSocketServer["handleUpgrade"]>): void {
    super.handleUpgrade(request, socket, head, (webSocket, ...rest) => {
      const sender = Object(Reflect.get(webSocket, "_sender"));
      Reflect.set(sender, "_waiting", Reflect.get(sender, "_queue"));
      Reflect.deleteProperty(sender, "_queue");
      then(webSocket, ...rest);
    });
  }
}

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

describe("the libraries under the doors", () => {
  it("FAN-8 are made as the wires think", async () => {
    const found = await Promise.all([checkEngine(), checkWebSocket()]);

    expect(found).toEqual([true, true]);
  });

  it("FAN-8 another version that is made the same is written past too", async () => {
    const own: unknown = createRequire(import.meta.url)("ws");
    const { WebSocketServer: other } = own as { WebSocketServer: unknown };

    expect(await checkEngine(other)).toBe(true);
  });

  it.each([
    ["parts under other names", RenamedParts],
    ["a buffer of its own", LaterSends],
  ])("FAN-8 one with %s is used by its public methods alone, and the log says so", async (_, wsEngine) => {
    const server = await startServer({ store: "memory", overrides: { wsEngine } });
    const [ada, bob] = await server.conversation("42", "ada", "bob");
    const lines = server.lines.filter((line) => line.includes(warning));

    const messages = Array.from({ length: 50 }, (_unused, index) => String(index));
    await Promise.all(messages.map((message) => ada.ok("chat_message", { conversationId: "42", message })));

    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("engine.io");
    expect(texts(await bob.next(EventType.ChatMessage, messages.length))).toEqual(messages);
  });

  it("FAN-8 the log says nothing where all is as expected", async () => {
    const server = await startServer({ store: "memory" });

    expect(server.lines.filter((line) => line.includes(warning))).toEqual([]);
  });

  it("FAN-9 with FANOUT_COALESCE_MS events are gathered, replies are not, and all stays in order", async () => {
    const server = await startServer({ store: "memory", env: { FANOUT_COALESCE_MS: "50" } });
    const [ada, bob] = await server.conversation("42", "ada", "bob");

    const messages = Array.from({ length: 50 }, (_unused, index) => String(index));
    for (const message of messages) await ada.ok("chat_message", { conversationId: "42", message });

    // The author's replies took the events along; the others' came by themselves.
    expect(texts(ada.seen(EventType.ChatMessage))).toEqual(messages);
    expect(texts(await bob.next(EventType.ChatMessage, messages.length))).toEqual(messages);
  });
});
