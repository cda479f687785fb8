import { describe, expect, it } from "@jest/globals";
import { ManualClock } from "../support/manual-clock.ts";
import { RawEngine } from "../support/raw-engine.ts";
import { tokenOf } from "../support/tokens.ts";
import { upgrade } from "../support/upgrade.ts";
import { eventually } from "../support/within.ts";
import { heapInUse, startTarget, unlimited } from "./target.ts";

const count = (statuses: readonly number[], status: number) => statuses.filter((one) => one === status).length;

describe("floods", () => {
  it("SEC-3 a flood of CONNECT packets ends the connection, and leaves nothing behind", async () => {
    const { server, unharmed } = await startTarget();
    const mallories = await Promise.all(
      Array.from({ length: 10 }, () => new RawEngine(server.url).enterChat(tokenOf("mallory"))),
    );
    const before = heapInUse();

    for (const mallory of mallories) {
      for (let i = 0; i < 500; i++)
        mallory.send(`40/${i % 2 ? "chat" : `n${i}`},${JSON.stringify({ token: tokenOf("mallory") })}`);
    }
    await Promise.all(mallories.map((mallory) => mallory.ended()));

    await unharmed();
    expect(heapInUse() - before).toBeLessThan(10);
  });

  it("SEC-3 a flood of connections is held to the rate, and open connections are still served", async () => {
    // Nobody is let in for the time that it takes.
    const overrides = { clock: new ManualClock() };
    const { server, unharmed } = await startTarget({ env: { LIMIT_NEW_CONNECTIONS_PER_SECOND: "50" }, overrides });

    const answers = await Promise.all(Array.from({ length: 1_000 }, () => upgrade(server.url, "/ws")));
    const statuses = answers.map(({ status }) => status);

    expect(count(statuses, 101) + count(statuses, 503)).toBe(1_000);
    expect(count(statuses, 503)).toBeGreaterThan(500);
    await unharmed();
  });

  it("SEC-3 a flood of connections without a token releases its resources", async () => {
    const { server, unharmed } = await startTarget({ env: unlimited });
    const wave = async () => {
      const clients = Array.from({ length: 300 }, () => server.rawWebSocket("/ws?token=x"));
      await Promise.all(clients.map(({ closed }) => closed));
    };
    await wave();
    const before = heapInUse();

    for (let i = 0; i < 4; i++) await wave();

    await unharmed();
    // What the test keeps of its own clients is in it.
    expect(heapInUse() - before).toBeLessThan(40);
  });

  it("SEC-3 a flood of commands is refused, then its connection is closed, while others are served", async () => {
    const { server, ada, unharmed } = await startTarget();
    const mallories = await Promise.all(Array.from({ length: 5 }, (_, i) => server.connectWebSocket(`mallory${i}`)));

    for (let i = 0; i < 3_000; i++) {
      for (const { socket } of mallories) socket.send('{"type":"conversation.list","payload":{"limit":200}}');
    }
    const began = performance.now();
    await ada.ok("conversation.list", {});
    const tookMs = performance.now() - began;
    const closed = await Promise.all(mallories.map(({ closed }) => closed));

    expect(closed.map(({ code }) => code)).toEqual([4008, 4008, 4008, 4008, 4008]);
    expect(tookMs).toBeLessThan(5_000);
    await unharmed();
  });

  it("SEC-3 rooms and subscriptions are limited", async () => {
    const { server, unharmed } = await startTarget({ env: { ...unlimited, LIMIT_CONNECTIONS_PER_USER: "5" } });
    const mallory = await server.connect("mallory");
    const watching = await server.connect("mallory", { namespace: "/monitoring", roles: ["monitor"] });

    const rooms = [];
    for (let i = 0; i < 200; i++) {
      await mallory.command("conversation.create", { id: `m${i}`, members: [] });
      rooms.push(await mallory.command("join_room", { room: `conversation:m${i}` }));
    }
    const subscriptions = [];
    for (let i = 0; i < 100; i++)
      subscriptions.push(await watching.command("subscribe", { id: `s${i}`, topics: [`task:t${i}*`] }));
    const more = [
      server.client("mallory"),
      server.client("mallory"),
      server.client("mallory"),
      server.client("mallory"),
    ];
    const overLimit = () => more.some(({ inbox }) => inbox.of("connect_error").length > 0);
    await eventually(overLimit, "one connection too many");

    expect(rooms.filter(({ ok }) => ok).length).toBeLessThanOrEqual(128);
    expect(subscriptions.filter(({ ok }) => ok)).toHaveLength(50);
    await unharmed();
  });
});
