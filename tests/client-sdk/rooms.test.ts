import { describe, expect, it } from "@jest/globals";
import { createHostEnvironment } from "../../client-sdk/connection/host-environment.ts";
import type { Client, Gap } from "../../client-sdk/index.ts";
import type { Envelope } from "../../shared/envelope.ts";
import type { EventType } from "../../shared/event-type.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { type StoreName, storeEnv, stores } from "../support/stores.ts";
import { texts } from "../support/test-client.ts";
import { eventually } from "../support/within.ts";
import { openNetwork } from "./network.ts";
import { connectSdk, inState, sdkClient } from "./sdk-client.ts";

const numbered = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `message ${from + index}`);

/** What a client is told of a conversation, in order. */
function listenTo(client: Client, id = "42"): { messages: () => string[]; all: Envelope[]; gaps: Gap[] } {
  const all: Envelope[] = [];
  const gaps: Gap[] = [];
  const conversation = client.chat.conversation(id);
  conversation.on("*", (envelope) => all.push(envelope));
  conversation.on("gap", (gap) => gaps.push(gap));
  return { all, gaps, messages: () => texts(all.filter(({ type }) => type === "chat_message")) };
}

const seen = (log: { messages: () => string[] }, count: number) =>
  eventually(() => log.messages().length >= count, `${count} messages, not ${log.messages().length}`);

/** A backend writes, one right after the other. */
async function say(server: Pick<TestServer, "url">, messages: readonly string[]): Promise<void> {
  const robot = await connectSdk(server, "robot", { roles: ["service"], maxWaiting: 2_000 });
  await Promise.all(messages.map((message) => robot.send("chat_message", { conversationId: "42", message })));
  robot.disconnect();
}

/** Starts a server with a conversation of ada and bob, again on the same port and with the same store if asked. */
async function startChat(store: StoreName) {
  const env = await storeEnv(store);
  const server = await startServer({ store, env });
  const restart = () => startServer({ store, env: { ...env, PORT: String(server.server.port) } });
  const ada = await connectSdk(server, "ada");
  await ada.chat.create({ id: "42", members: ["bob"] });
  return { server, ada, restart };
}

describe("a conversation in the client", () => {
  it("SDK-11 it knows who is present and who is typing", async () => {
    const { server, ada } = await startChat("memory");
    const bob = await connectSdk(server, "bob");
    const typing: boolean[] = [];
    ada.chat.conversation("42").on("typing_indicator", ({ data }) => typing.push(data.isTyping));
    await eventually(() => ada.chat.conversation("42").members.length === 1, "ada herself");

    const stop = bob.chat.conversation("42").on("chat_message", () => {});
    await eventually(() => ada.chat.conversation("42").members.length === 2, "bob");
    bob.chat.conversation("42").typing();
    bob.chat.conversation("42").typing(false);
    await eventually(() => typing.length === 2, "typing");
    const members = ada.chat.conversation("42").members.map(({ userId }) => userId);
    stop();
    await eventually(() => ada.chat.conversation("42").members.length === 1, "bob's leaving");

    expect(members.toSorted()).toEqual(["ada", "bob"]);
    expect(typing).toEqual([true, false]);
  });

  it("SDK-14 it streams an answer, and a late joiner gets the whole answer", async () => {
    const { server, ada } = await startChat("memory");
    const robot = await connectSdk(server, "robot", { roles: ["service"], maxWaiting: 2_000 });
    const log = listenTo(ada);
    await eventually(() => ada.chat.conversation("42").isLive, "ada's joining");

    const answer = robot.chat.conversation("42").respond();
    for (const piece of ["Once ", "upon ", "a time"]) await answer.delta(piece);
    await answer.end();
    await eventually(() => log.all.some(({ type }) => type === "chat_response"), "the end");
    const late = listenTo(await connectSdk(server, "bob"));
    await eventually(() => late.all.some(({ position }) => position), "the answer");

    const deltas = log.all.filter(
      (event) => event.type === "chat_response_delta",
    ) as Envelope<EventType.ChatResponseDelta>[];
    expect(deltas.map(({ data }) => data.delta).join("")).toBe("Once upon a time");
    const durable = late.all.filter(({ position }) => position);
    expect(durable.map(({ type, data }) => [type, data])).toEqual([
      ["chat_response", expect.objectContaining({ message: "Once upon a time", status: "complete" })],
    ]);
  });

  it("SDK-14 a user asks the producer of an answer to stop, and learns that it has stopped", async () => {
    const { server, ada } = await startChat("memory");
    const robot = await connectSdk(server, "robot", { roles: ["service"] });
    const log = listenTo(ada);
    const answers = ["a", "b"].map((responseId) => robot.chat.conversation("42").respond({ responseId }));
    for (const answer of answers) await answer.delta(`${answer.responseId} begins`);

    await ada.chat.conversation("42").cancelResponse("a");
    await eventually(() => answers[0]?.signal.aborted === true, "the cancellation");
    await answers[0]?.cancel();
    await answers[1]?.end();
    await eventually(() => log.all.filter(({ type }) => type === "chat_response").length === 2, "the ends");

    expect(answers.map(({ signal }) => [signal.aborted, signal.reason])).toEqual([
      [true, "cancelled by Ada"],
      [false, undefined],
    ]);
    const ends = log.all.filter(({ type }) => type === "chat_response").map(({ data }) => data);
    expect(ends).toMatchObject([
      { responseId: "a", status: "cancelled", message: "a begins" },
      { responseId: "b", status: "complete", message: "b begins" },
    ]);
    await expect(ada.chat.conversation("42").cancelResponse("a")).rejects.toMatchObject({ code: "conflict" });
  });

  it("SDK-14 after a reconnect the client learns that an answer has ended in the meantime, and continues the others", async () => {
    const { server, ada } = await startChat("memory");
    const network = await openNetwork(server.server.port);
    const url = `http://127.0.0.1:${network.port}`;
    const robot = await connectSdk({ url }, "robot", { roles: ["service"], fallback: false });
    const log = listenTo(ada);
    const [a, b] = ["a", "b"].map((responseId) => robot.chat.conversation("42").respond({ responseId }));
    if (!a || !b) throw new Error("There are two.");
    for (const answer of [a, b]) await answer.delta(`${answer.responseId} begins`);

    network.set("cut");
    await eventually(() => robot.state !== "active" && robot.state !== "connected", "the end of the connection");
    await ada.chat.conversation("42").cancelResponse("a");
    await eventually(() => log.all.some(({ type }) => type === "chat_response"), "the end");
    network.set("open");
    await eventually(() => a.signal.aborted, "the robot to learn of it");
    const late = await a.end().catch((error: unknown) => error);
    const cancelled = await a.cancel();
    await b.end();
    await eventually(() => log.all.filter(({ type }) => type === "chat_response").length === 2, "the ends");

    expect(late).toMatchObject({ code: "conflict" });
    expect(String(a.signal.reason)).toContain("cancelled by Ada");
    expect(cancelled.duplicate).toBe(true);
    expect(b.signal.aborted).toBe(false);
    const ends = log.all.filter(({ type }) => type === "chat_response").map(({ data }) => data);
    expect(ends).toMatchObject([
      { responseId: "a", status: "cancelled", message: "a begins" },
      { responseId: "b", status: "complete", message: "b begins" },
    ]);
  });
});

describe.each(stores)("a conversation in the client (%s)", (store) => {
  it("SDK-11 handlers get history and then live events, each once and in order", async () => {
    const { server, ada } = await startChat(store);
    await say(server, numbered(120));
    const bob = await connectSdk(server, "bob");

    const log = listenTo(bob);
    await seen(log, 50);
    await Promise.all(["a", "b", "c"].map((message) => ada.chat.conversation("42").send(message)));
    await seen(log, 53);
    const { events, hasMore } = await bob.chat.conversation("42").history({ limit: 100 });

    expect(log.messages()).toEqual([...numbered(50, 70), "a", "b", "c"]);
    expect(texts(events)).toEqual([...numbered(97, 23), "a", "b", "c"]);
    expect(hasMore).toBe(true);
  });

  it("SDK-12 handlers get all missed events once and in order, in as many pages as necessary", async () => {
    const { server, ada } = await startChat(store);
    const bob = await connectSdk(server, "bob");
    const log = listenTo(bob);
    await ada.chat.conversation("42").send("before");
    await seen(log, 1);

    bob.disconnect();
    await say(server, numbered(1_100));
    void bob.connect();
    await seen(log, 500);
    await ada.chat.conversation("42").send("after");
    await seen(log, 1_102);

    expect(log.messages()).toEqual(["before", ...numbered(1_100), "after"]);
    expect(log.gaps).toEqual([]);
  });

  it("SDK-13 messages written while offline are sent after the reconnect, once and in order", async () => {
    const { server, restart } = await startChat(store);
    const network = await openNetwork(server.server.port);
    const ada = await connectSdk({ url: `http://127.0.0.1:${network.port}` }, "ada", { fallback: false });
    const bob = await connectSdk(server, "bob");
    const log = listenTo(bob);
    await ada.chat.conversation("42").send("before");
    await seen(log, 1);
    if (store === "memory") network.set("cut");
    else await server.server.close();
    await eventually(() => ada.state === "reconnecting", "the loss");

    const sent = numbered(20).map((text) => ada.chat.conversation("42").send(text));
    const waiting = ada.waiting;
    if (store === "memory") network.set("open");
    else await restart();
    const replies = await Promise.all(sent);
    await seen(log, 21);

    expect(waiting).toBe(20);
    expect(replies.map(({ position }) => position.offset)).toEqual(replies.map((_, index) => index + 2));
    expect(log.messages()).toEqual(["before", ...numbered(20)]);
  });

  it("SDK-15 a user gets new notifications, and those missed while offline", async () => {
    const { server, ada } = await startChat(store);
    const titles: string[] = [];
    ada.bus.subscribe("notification", (event) => titles.push((event as Envelope<EventType.Notification>).data.title));
    const notify = (title: string) =>
      server.request("POST", "/api/users/ada/notifications", {
        as: "robot",
        roles: ["service"],
        body: { title, level: "info" },
      });

    await notify("first");
    await eventually(() => titles.length === 1, "the first");
    ada.disconnect();
    await notify("second");
    await ada.connect();
    await eventually(() => titles.length === 2, "the second");

    expect(titles).toEqual(["first", "second"]);
  });
});

describe("a conversation whose server restarts", () => {
  it("SDK-12 it resumes from its position three times, while others write", async () => {
    const { server, restart } = await startChat("redis");
    const bob = await connectSdk(server, "bob");
    const log = listenTo(bob);
    await eventually(() => bob.chat.conversation("42").isLive, "bob's joining");

    let running = server;
    for (const round of [0, 1, 2]) {
      await say(running, numbered(20, round * 40));
      await running.server.close();
      running = await restart();
      await say(running, numbered(20, round * 40 + 20));
    }
    await seen(log, 120);

    expect(log.messages()).toEqual(numbered(120));
    expect(log.gaps).toEqual([]);
  });

  it("SDK-16 when history is gone it reports a gap, loads the state first, and holds events that arrive meanwhile", async () => {
    const { server, ada, restart } = await startChat("memory");
    const bob = sdkClient(server, "bob");
    const told: string[] = [];
    let loaded: (state: unknown) => void = () => {};
    const conversation = bob.chat.conversation("42", {
      getState: () =>
        new Promise((resolve) => {
          loaded = resolve;
          told.push("asked");
        }),
    });
    conversation.on("chat_message", ({ data }) => told.push(data.message));
    conversation.on("gap", ({ reason, state }) => told.push(`${reason}: ${state}`));
    await bob.connect();
    await ada.chat.conversation("42").send("before");
    await eventually(() => told.length === 1, "the message");

    await server.server.close();
    await eventually(() => bob.state === "reconnecting", "the loss");
    bob.disconnect();
    await restart();
    await inState(ada, "active");
    await ada.chat.create({ id: "42", members: ["bob"] });
    await ada.chat.conversation("42").send("after");
    void bob.connect();
    await eventually(() => told.includes("asked"), "the question");
    await ada.chat.conversation("42").send("live");
    await eventually(() => conversation.isLive, "bob's joining");
    const held = [...told];
    loaded("the state");
    await eventually(() => told.includes("live"), "the live message");

    expect(held).toEqual(["before", "asked"]);
    expect(told).toEqual(["before", "asked", "epoch_changed: the state", "after", "live"]);
  });

  it("SDK-16 it says that it was refused or removed, and joins again on request", async () => {
    const { server, ada } = await startChat("memory");
    const bob = await connectSdk(server, "bob");
    const told: string[] = [];
    bob.chat.conversation("none").on("refused", ({ code }) => told.push(code));
    bob.chat.conversation("42").on("left", ({ reason }) => told.push(reason));
    await eventually(() => bob.chat.conversation("42").isLive && told.length === 1, "bob's joining");

    await ada.chat.conversation("42").removeMember("bob");
    await eventually(() => told.length === 2, "the removal");

    const wasLive = bob.chat.conversation("42").isLive;
    bob.chat.conversation("42").on("refused", ({ code }) => told.push(code));
    bob.chat.conversation("42").on("chat_message", ({ data }) => told.push(data.message));
    bob.chat.conversation("42").rejoin();
    await eventually(() => told.length === 3, "the refusal");
    await ada.chat.conversation("42").addMembers("bob");
    await ada.chat.conversation("42").send("welcome");
    bob.chat.conversation("42").rejoin();
    await eventually(() => bob.chat.conversation("42").isLive && told.length === 4, "bob's coming back");

    expect(told).toEqual(["not_found", "removed", "not_found", "welcome"]);
    expect(wasLive).toBe(false);
  });

  it("SDK-17 after a reload of the page it resumes from the positions in the session storage", async () => {
    const { server, ada } = await startChat("memory");
    const texts = new Map<string, string>();
    const session = {
      get: (key: string) => texts.get(key),
      set: (key: string, text: string) => void texts.set(key, text),
      delete: (key: string) => void texts.delete(key),
    };
    const environment = { ...createHostEnvironment(), session };
    const first = await connectSdk(server, "bob", { environment, positions: "session" });
    const before = listenTo(first);
    await ada.chat.conversation("42").send("one");
    await seen(before, 1);
    first.disconnect();
    await ada.chat.conversation("42").send("two");

    const after = listenTo(await connectSdk(server, "bob", { environment, positions: "session" }));
    await seen(after, 1);

    expect(before.messages()).toEqual(["one"]);
    expect(after.messages()).toEqual(["two"]);
  });
});
