import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { startServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import { offsets, type TestClient } from "../support/test-client.ts";

const room = "conversation:42";
const filler = "x".repeat(60_000);

/** The TCP socket under a stock client. */
function tcpSocketOf(client: TestClient): { pause(): void; resume(): void } {
  const { ws } = client.socket.io.engine.transport as unknown as {
    ws: { _socket: { pause(): void; resume(): void } };
  };
  return ws._socket;
}

describe.each(stores)("a client that reads slowly (%s)", (store) => {
  it("CONN-11 it is closed, reconnects by itself and misses nothing, and delays nobody", async () => {
    const env = { LIMIT_BACKLOG_BYTES: "65536", LIMIT_COMMANDS_PER_SECOND: "100000", LIMIT_COMMANDS_BURST: "100000" };
    const server = await startServer({ store, env });
    const [ada] = await server.conversation("42", "ada", "bob");
    const bob = await server.connect("bob", { io: { transports: ["websocket"], reconnectionDelay: 10 } });
    const { position } = await bob.ok("join_room", { room });

    const tcp = tcpSocketOf(bob);
    tcp.pause();
    let sent = 0;
    while (!server.lines.some((line) => line.includes("slow_consumer")) && sent < 2_000) {
      await ada.ok("chat_message", { conversationId: "42", message: String(++sent), metadata: { filler } });
    }
    tcp.resume();
    await bob.inbox.one("system.connection.established");

    const missed = [];
    let after = position;
    for (let joined = false; !joined; ) {
      const page = await bob.ok("join_room", { room, after, limit: 50 });
      expect(page.recovered).toBe(true);
      missed.push(...page.events);
      ({ joined, position: after } = page);
    }
    expect(offsets(missed)).toEqual(Array.from({ length: sent }, (_, i) => i + 1));
    await ada.inbox.until(() => ada.seen(EventType.ChatMessage).length === sent, "all of them");
  });
});
