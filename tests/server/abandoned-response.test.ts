import { describe, expect, it } from "@jest/globals";
import type { LoggedEnvelope } from "../../shared/envelope.ts";
import { EventType } from "../../shared/event-type.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { type StoreName, stores } from "../support/stores.ts";
import type { TestClient } from "../support/test-client.ts";
import { eventually } from "../support/within.ts";

const room = "conversation:42";
const ids = { conversationId: "42", responseId: "r1" };
const agents = { roles: ["agent"] } as const;
const shortLease = { RESPONSE_LEASE_MS: "500" };

/** A reader and an agent in one conversation. */
async function start(store: StoreName, env: Record<string, string> = {}) {
  const server = await startServer({ store, env });
  const [ada] = await server.conversation("42", "ada");
  await ada.ok("conversation.add_members", { conversationId: "42", userIds: ["bot", "other", "bob"] });
  return { server, ada, agent: await server.connect("bot", agents) };
}

/** Writes the deltas, and waits until a reader has received them. */
async function write(agent: TestClient, ada: TestClient, deltas: readonly string[], responseId = "r1") {
  for (const delta of deltas) await agent.ok("chat_response_delta", { ...ids, responseId, delta });
  await ada.inbox.until(() => textOf(ada, responseId).endsWith(deltas.at(-1) ?? ""), "the deltas");
}

const textOf = (ada: TestClient, responseId = "r1") =>
  ada
    .seen(EventType.ChatResponseDelta)
    .filter(({ data }) => data.responseId === responseId)
    .map(({ data }) => data.delta)
    .join("");

const endsOf = (client: TestClient) => client.seen(EventType.ChatResponse).map(({ data }) => data);

/** Waits until the server has ended a response that was started after the call: a whole lease has passed. */
async function letALeaseRunOut(server: TestServer, ada: TestClient): Promise<void> {
  const other = await server.connect("other", agents);
  const responseId = `other-${endsOf(ada).length}`;
  await write(other, ada, ["x"], responseId);
  other.close();
  await ada.inbox.until(() => endsOf(ada).some((end) => end.responseId === responseId), "the end of the other");
}

const final = { ...ids, message: "one two three four", status: "complete" } as const;

describe.each(stores)("a response whose producer is gone (%s)", (store) => {
  it("STREAM-9 it ends as failed with the text so far, also for late joiners, and the producer that returns later is refused", async () => {
    const { server, ada, agent } = await start(store, shortLease);
    const question = await ada.ok("chat_message", { conversationId: "42", message: "?" });
    await agent.ok("chat_response_delta", { ...ids, delta: "one ", inReplyTo: question.id });
    await write(agent, ada, ["two ", "three"]);

    agent.close();
    const end = await ada.one(EventType.ChatResponse);
    const late = await server.connect("bob");
    const { events } = await late.ok("join_room", { room });
    const again = await server.connect("bot", agents);
    const refused = [
      await again.refused("chat_response_delta", { ...ids, delta: " four" }),
      await again.refused("chat_response", final),
      await ada.refused("chat_response.cancel", ids),
    ];
    await letALeaseRunOut(server, ada);

    const expected = { responseId: "r1", message: "one two three", status: "failed", inReplyTo: question.id };
    expect(end).toMatchObject({ sender: { userId: "bot", name: "Bot" }, data: expected });
    expect((events as LoggedEnvelope[]).map(({ type }) => type)).toEqual([
      EventType.ChatMessage,
      EventType.ChatResponse,
    ]);
    expect(refused.map(({ code }) => code)).toEqual(["conflict", "conflict", "conflict"]);
    expect(refused[0]?.message).toContain("nothing was heard of its producer");
    expect(endsOf(ada).filter(({ responseId }) => responseId === "r1")).toHaveLength(1);
  });

  it("STREAM-9 it continues when the producer returns in time", async () => {
    const { server, ada, agent } = await start(store);
    await write(agent, ada, ["one ", "two "]);
    agent.close();

    const again = await server.connect("bot", agents);
    await write(again, ada, ["three ", "four"]);
    const reply = await again.ok("chat_response", final);
    const end = await ada.one(EventType.ChatResponse);

    expect(reply.duplicate).toBe(false);
    expect(end.data).toMatchObject({ status: "complete", message: final.message });
    const indexes = ada.seen(EventType.ChatResponseDelta).map(({ data }) => data.index);
    expect(indexes).toEqual(indexes.map((_, index) => index));
  });

  it("STREAM-10 it continues while the producer is connected, or returns without a delta", async () => {
    const { server, ada, agent } = await start(store, shortLease);
    await write(agent, ada, ["one "]);
    await letALeaseRunOut(server, ada);

    agent.close();
    const again = await server.connect("bot", agents);
    const reply = await again.ok("chat_response_delta", ids);
    await letALeaseRunOut(server, ada);
    await write(again, ada, ["two"]);
    await again.ok("chat_response", final);
    await ada.inbox.until(() => endsOf(ada).length === 3, "the end");

    expect(reply).toEqual({});
    expect(endsOf(ada)[2]).toMatchObject({ responseId: "r1", status: "complete" });
    expect(textOf(ada)).toBe("one two");
  });
});

describe.each(stores)("a cancelled response (%s)", (store) => {
  it("STREAM-11 it ends at once when its producer has no connection", async () => {
    const { server, ada, agent } = await start(store);
    const root = await server.connect("root", { namespace: "/admin", roles: ["admin"] });
    const botsConnections = async () => (await root.ok("admin.connections", { userId: "bot" })).connections.length;
    await write(agent, ada, ["one ", "two"]);
    await eventually(async () => (await botsConnections()) === 1, "the agent to be listed");
    agent.close();
    await eventually(async () => (await botsConnections()) === 0, "the agent to be gone");

    await ada.ok("chat_response.cancel", ids);
    const { events } = await ada.ok("history", { room });
    const end = await ada.one(EventType.ChatResponse);
    const again = await ada.refused("chat_response.cancel", ids);

    expect(end.data).toMatchObject({ responseId: "r1", message: "one two", status: "cancelled" });
    expect(events.map(({ id }) => id)).toEqual([end.id]);
    expect(again.code).toBe("conflict");
  });

  it("STREAM-11 each reply to its producer says so, on any connection, until the producer ends it", async () => {
    const { server, ada, agent } = await start(store);
    await write(agent, ada, ["one "]);

    await ada.ok("chat_response.cancel", ids);
    const next = await agent.ok("chat_response_delta", { ...ids, delta: "two " });
    agent.close();
    const again = await server.connect("bot", agents);
    const there = await again.ok("chat_response_delta", { ...ids, delta: "three" });
    const told = await again.inbox.one("cancel");
    const reply = await again.ok("chat_response", { ...ids, message: "I stop", status: "cancelled" });
    const end = await ada.one(EventType.ChatResponse);

    expect([next, there]).toEqual([{ cancel: true }, { cancel: true }]);
    expect(told).toEqual({ messageId: "r1", reason: "cancelled by Ada" });
    expect(reply.duplicate).toBe(false);
    expect(end.data).toMatchObject({ status: "cancelled", message: "I stop" });
  });

  it("STREAM-11 the server ends it when its producer does not, and the producer is then refused", async () => {
    // The lease is renewed more than once until then.
    const { ada, agent } = await start(store, shortLease);
    await write(agent, ada, ["one ", "two"]);

    for (let i = 0; i < 3; i++) await ada.ok("chat_response.cancel", ids);
    const end = await ada.one(EventType.ChatResponse);
    const piece = await agent.refused("chat_response_delta", { ...ids, delta: "three" });
    const complete = await agent.refused("chat_response", final);
    const cancelled = await agent.ok("chat_response", { ...final, status: "cancelled" });

    expect(end.data).toMatchObject({ status: "cancelled", message: "one two" });
    expect([piece.code, complete.code]).toEqual(["conflict", "conflict"]);
    expect(piece.message).toContain("cancelled by Ada");
    expect(cancelled).toMatchObject({ id: end.id, duplicate: true });
  });
});
