import { describe, expect, it } from "@jest/globals";
import { type Client, createClient, defaultBackoff } from "../../client-sdk/index.ts";
import type { Envelope } from "../../shared/envelope.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { startServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import { texts } from "../support/test-client.ts";
import { tokenOf } from "../support/tokens.ts";
import { eventually, within } from "../support/within.ts";
import { openNetwork } from "./network.ts";
import { connectSdk, inState } from "./sdk-client.ts";
import { createTestTime } from "./test-time.ts";

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `message ${index}`);

/** Everything that a client tells, in order. */
function listenTo(client: Client): string[] {
  const told: string[] = [];
  client.on("connected", ({ userId }) => told.push(`connected as ${userId}`));
  client.on("disconnected", ({ willReconnect, reason }) => told.push(`disconnected ${willReconnect} ${reason}`));
  client.on("error", ({ code }) => told.push(`error ${code}`));
  client.on("message", ({ type }) => told.push(`message ${type}`));
  client.on("statechange", ({ newState }) => told.push(newState));
  return told;
}

describe("a client's whole life", () => {
  it("SDK-8 it emits events from connecting to closing, and serialises what it sends", async () => {
    const server = await startServer();
    const ada = await connectSdk(server, "ada");
    await ada.chat.create({ id: "42", members: ["bob"] });
    const heard = new Promise<Envelope>((resolve) => ada.chat.conversation("42").on("chat_message", resolve));
    await eventually(() => ada.chat.conversation("42").isLive, "ada's joining");
    const bob = createClient({ url: server.url, token: tokenOf("bob") });
    const told = listenTo(bob);
    const attachments = [{ url: "https://example.com/a.png", mediaType: "image/png", altText: "Zwölf Boxkämpfer" }];
    const metadata = { nested: [{ deep: [1, 2.5, null, true, "\u2028"] }], "emoji 🚦": "👩‍🚀" };

    await bob.connect();
    await bob.chat.conversation("42").send({ message: "naïve — 😀\n", attachments, metadata });
    const arrived = await within(heard, "the message");
    await bob.send("conversation.rename", { conversationId: "42", title: "Plans" });
    await eventually(() => told.includes("message conversation.updated"), "the change");
    bob.disconnect();

    expect(arrived).toMatchObject({ sender: { userId: "bob" }, room: "conversation:42", type: "chat_message" });
    expect(arrived.data).toEqual({ message: "naïve — 😀\n", attachments, metadata });
    expect(told.filter((what) => !what.startsWith("message"))).toEqual([
      "connecting",
      "connected",
      "connected as bob",
      "active",
      "closed",
      "disconnected false client",
    ]);
  });

  it("SDK-8 it stays connected for five minutes by answering pings only", async () => {
    const clock = new ManualClock();
    const env = { HEARTBEAT_INTERVAL_MS: "100" };
    const server = await startServer({ store: "memory", env, overrides: { clock } });
    const client = await connectSdk(server, "ada");
    const told = listenTo(client);
    const { connectionId } = client;

    // After 10.2 s without an answer the server would close it.
    for (let seconds = 0; seconds <= 300; seconds += 3) {
      const pinged = new Promise((resolve) => client.bus.subscribeOnce("system.ping", resolve));
      clock.advance(3_000);
      await within(pinged, "a ping");
    }

    expect(client).toMatchObject({ state: "active", connectionId });
    expect(told).toEqual([]);
  });
});

describe.each(stores)("a client's whole life (%s)", (store) => {
  it("SDK-12 it resumes from its position within 5 attempts after 20 s without a network", async () => {
    const server = await startServer({ store });
    const network = await openNetwork(server.server.port);
    const robot = await connectSdk(server, "robot", { roles: ["service"] });
    await robot.chat.create({ id: "42", members: ["bob"] });
    const { environment, advance } = createTestTime();
    const url = `http://127.0.0.1:${network.port}`;
    // The clock stands still, also for what Node's requests wait for where a network ends every connection.
    const bob = await connectSdk({ url }, "bob", { environment, backoff: defaultBackoff, fallback: false });
    const messages: Envelope[] = [];
    const gaps: unknown[] = [];
    bob.chat.conversation("42").on("chat_message", (message) => messages.push(message));
    bob.chat.conversation("42").on("gap", (gap) => gaps.push(gap));
    await robot.chat.conversation("42").send("message 0");
    await eventually(() => messages.length === 1, "the first message");
    const before = bob.connectionId;

    network.set("cut");
    await inState(bob, "reconnecting");
    for (const text of numbered(100).slice(1)) await robot.chat.conversation("42").send(text);
    let awayMs = 0;
    let attempts = 0;
    while (bob.state !== "active") {
      const delayMs = bob.nextDelay ?? 0;
      if (awayMs + delayMs >= 20_000) network.set("open");
      awayMs += delayMs;
      attempts = bob.attempt;
      advance(delayMs);
      await eventually(() => bob.status.name === "waiting" || bob.state === "active", `the end of attempt ${attempts}`);
    }
    await eventually(() => messages.length === 100, "100 messages");

    expect(attempts).toBeLessThanOrEqual(5);
    expect(awayMs).toBeLessThan(31_001);
    expect(bob.connectionId).not.toBe(before);
    expect(texts(messages)).toEqual(numbered(100));
    expect(gaps).toEqual([]);
  });
});
