import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "@jest/globals";
import { WallClock } from "../chaos/wall-clock.ts";
import { Program } from "../support/program.ts";
import { installationMs } from "../support/programs.ts";
import { TestClient } from "../support/test-client.ts";
import { TestEventStream } from "../support/test-event-stream.ts";
import { TestWebSocket } from "../support/test-websocket.ts";
import { testSecret, tokenOf } from "../support/tokens.ts";

const folder = mkdtempSync(join(tmpdir(), "clock-steps-"));
let clock: WallClock;
beforeAll(async () => {
  [clock] = (await WallClock.forInstances(1, folder)) as [WallClock];
}, installationMs);
afterAll(() => rmSync(folder, { recursive: true }));

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A client of every door that keeps a connection. */
async function connect(url: string) {
  const ada = new TestClient(url, "/chat", { auth: { token: tokenOf("ada") }, reconnection: false });
  const script = new TestWebSocket(`${url.replace("http", "ws")}/ws?token=${tokenOf("bob")}`);
  const authorization = `Bearer ${tokenOf("mona", ["monitor"])}`;
  const stream = await TestEventStream.open(`${url}/api/events?topics=stream:*`, { authorization });
  closing.push(
    () => ada.close(),
    () => script.socket.terminate(),
    () => stream.close(),
  );
  const clients = { ada, script, stream };
  for (const { inbox } of Object.values(clients)) await inbox.one("system.connection.established");
  return clients;
}

const hourMs = 3_600_000;

it("CONN-13 a process whose clock is set keeps all clients, and pings them", async () => {
  const program = new Program({ JWT_SECRET: testSecret, HEARTBEAT_INTERVAL_MS: "1000", ...clock.environment });
  const { ada, script, stream } = await connect(await program.url());
  const aheadOf = (ping: { timestamp: number } | undefined) => (ping ? ping.timestamp - Date.now() : Number.NaN);
  const lastAhead = () => aheadOf(ada.inbox.of<{ timestamp: number }>("system.ping").at(-1));

  for (const seconds of [300, -3_600]) {
    clock.step(seconds);
    await ada.inbox.until(() => Math.abs(lastAhead() - seconds * 1_000) < 60_000, `a ping that is ${seconds} s ahead`);
    // Everybody was looked at since: those who were silent by that clock would be gone.
    const heard = [ada, script].map(({ inbox }) => inbox.of("system.ping").length);
    const beats = stream.inbox.of("comment").length;
    await ada.inbox.until(() => ada.inbox.of("system.ping").length >= Number(heard[0]) + 2, "pings");
    await script.inbox.until(() => script.inbox.of("system.ping").length >= Number(heard[1]) + 2, "pings");
    await stream.inbox.until(() => stream.inbox.of("comment").length >= beats + 2, "heartbeats");
  }

  expect(lastAhead()).toBeLessThan(-hourMs / 2);
  for (const { inbox } of [ada, script, stream]) {
    expect(["system.connection.close", "disconnect", "close", "end"].flatMap((name) => inbox.of(name))).toEqual([]);
  }
});
