import { describe, expect, it } from "@jest/globals";
import { ManualClock } from "../support/manual-clock.ts";
import { RawEngine } from "../support/raw-engine.ts";
import { startServer } from "../support/server.ts";
import type { TestClient } from "../support/test-client.ts";
import { tokenOf } from "../support/tokens.ts";
import { eventually, within } from "../support/within.ts";

const intervalMs = 100;
const silenceMs = 2 * intervalMs + 10_000;
const env = { HEARTBEAT_INTERVAL_MS: String(intervalMs) };

interface Ping {
  timestamp: number;
}
interface Close {
  reason: string;
}

/** The engine's own ping has come, has been answered, and the answer has been received: else there is no second one. */
async function enginePing(client: TestClient): Promise<void> {
  for (const _ of [1, 2]) {
    const pinged = new Promise<void>((resolve) => client.socket.io.once("ping", () => resolve()));
    await within(pinged, "a ping of the engine");
  }
}

/** The server's ends of what `clients` hear no more; until they listen again. */
const socketOf = (client: TestClient) =>
  (client.socket.io.engine.transport as unknown as { ws: { pause(): void; resume(): void } }).ws;

describe("keepalive", () => {
  it("CONN-6 the server pings with the time, once per interval, and accepts the reply", async () => {
    const clock = new ManualClock();
    const server = await startServer({ env, overrides: { clock } });
    const ada = await server.connect("ada");
    const start = clock.now();

    const pings: number[] = [];
    for (let beat = 1; beat <= 4; beat++) {
      clock.advance(intervalMs);
      const { timestamp } = await ada.inbox.one<Ping>("system.ping");
      pings.push(timestamp - start);
      await ada.ok("system.pong", { timestamp });
    }

    expect(pings).toEqual([100, 200, 300, 400]);
    expect(ada.inbox.of("system.ping")).toHaveLength(4);
  });

  it("CONN-6 the server pings at every door and in every namespace", async () => {
    const clock = new ManualClock();
    const server = await startServer({ env, overrides: { clock } });
    const admin = await server.connect("root", { namespace: "/admin", roles: ["admin"] });
    const script = await server.connectWebSocket("ada");

    clock.advance(intervalMs);

    for (const { inbox } of [admin, script]) {
      expect(await inbox.one<Ping>("system.ping")).toEqual({ timestamp: clock.now() });
    }
    expect(await admin.ok("system.pong", { timestamp: clock.now() })).toEqual({});
    expect(await script.ok("system.pong", { timestamp: clock.now() })).toEqual({});
  });

  it("CONN-6 a client that sends nothing for two intervals and ten seconds is closed, and not earlier", async () => {
    const clock = new ManualClock();
    const server = await startServer({ env, overrides: { clock } });
    const silent = await new RawEngine(server.url).enterChat(tokenOf("ada"));
    const packets = () => silent.inbox.of<string>("packet").filter((packet) => packet.includes("system."));

    clock.advance(silenceMs);
    // The ping of the same look round, at which it was not yet time to close.
    await silent.packet((packet) => packet.includes(`"timestamp":${clock.now()}`));
    const before = packets();
    clock.advance(1);
    await silent.ended();

    expect(before.filter((packet) => packet.includes("system.connection.close"))).toEqual([]);
    expect(packets().at(-1)).toBe('42/chat,["system.connection.close",{"reason":"heartbeat_lost"}]');
  });

  it("CONN-6 any packet counts as a sign of life", async () => {
    const clock = new ManualClock();
    const server = await startServer({ env, overrides: { clock } });
    const client = await new RawEngine(server.url).enterChat(tokenOf("ada"));
    // An answer to the engine, an event nobody knows, an acknowledgement nobody waits for.
    const signs = ["3", '42/chat,["nonsense"]', "43/chat,99[]"];

    for (const sign of signs) {
      clock.advance(silenceMs - 1);
      client.send(sign);
      // The reply to a command of another connection does not tell that this packet was taken; a later one of this one does.
      client.send(`42/chat,${signs.indexOf(sign)}["system.pong",{"timestamp":1}]`);
      await client.reply(signs.indexOf(sign));
    }

    const heard = client.inbox.of<string>("packet").join();
    expect(heard).not.toContain("system.connection.close");
  });

  it("CONN-6 a stock client that ignores the ping stays connected, since it answers the engine's ping by itself", async () => {
    const clock = new ManualClock();
    const server = await startServer({ env, overrides: { clock } });
    const ada = await server.connect("ada");

    for (let round = 0; round < 4; round++) {
      clock.advance(silenceMs - 1);
      await enginePing(ada);
    }

    await ada.inbox.next("system.ping", 1);
    expect(ada.inbox.of("system.connection.close")).toEqual([]);
    expect(ada.inbox.of("disconnect")).toEqual([]);
    await ada.ok("conversation.list", {});
  });

  it("CONN-6 a stock client that was closed for silence reconnects by itself", async () => {
    const clock = new ManualClock();
    const server = await startServer({ env, overrides: { clock } });
    const ada = await server.connect("ada", { io: { transports: ["websocket"], reconnectionDelay: 10 } });

    socketOf(ada).pause();
    clock.advance(silenceMs + 1);
    // Closed before it reads on, and answers what waits for it.
    await eventually(() => server.lines.some((line) => line.includes('"heartbeat_lost"')), "the end");
    socketOf(ada).resume();

    expect(await ada.inbox.one<Close>("system.connection.close")).toEqual({ reason: "heartbeat_lost" });
    await ada.inbox.one("system.connection.established");
    await ada.ok("conversation.list", {});
  });

  it("CONN-6 a plain WebSocket that answers nothing is closed, and one that answers the protocol's pings is not", async () => {
    const clock = new ManualClock();
    const server = await startServer({ env, overrides: { clock } });
    const stock = await server.connectWebSocket("ada");
    const silent = await server.connectWebSocket("bob");
    silent.socket.pause();

    for (let round = 0; round < 4; round++) {
      clock.advance(silenceMs / 2);
      await stock.inbox.next("system.ping", 1);
      // The frame with this came after the ping that `ws` answers, and the reply to a command after that answer.
      await stock.ok("conversation.list", {});
    }
    silent.socket.resume();

    expect(await silent.inbox.one<Close>("system.connection.close")).toEqual({ reason: "heartbeat_lost" });
    expect(await silent.closed).toEqual({ code: 4010, reason: "heartbeat_lost" });
    expect(stock.inbox.of("system.connection.close")).toEqual([]);
  });

  it.each([300_000, -3_600_000])(
    "CONN-13 setting the clock by %i ms closes no connection, and pings continue",
    async (ms) => {
      const clock = new ManualClock();
      const server = await startServer({ env, overrides: { clock } });
      const ada = await server.connect("ada");
      const script = await server.connectWebSocket("ada");
      const stream = await server.eventStream("mona", "topics=stream:*", { roles: ["monitor"] });
      await stream.inbox.one("system.connection.established");
      const clients = [ada.inbox, script.inbox, stream.inbox];

      for (let beat = 1; beat <= 3; beat++) {
        clock.advance(intervalMs);
        clock.step(ms);
        for (const inbox of [ada.inbox, script.inbox]) {
          expect(await inbox.one<Ping>("system.ping")).toEqual({ timestamp: clock.now() });
        }
        await stream.inbox.one("comment");
      }

      for (const inbox of clients) {
        expect(["system.connection.close", "disconnect", "end"].flatMap((name) => inbox.of(name))).toEqual([]);
      }
      await script.ok("conversation.list", {});
    },
  );
});
