import { describe, expect, it } from "@jest/globals";
import type { Envelope, LoggedEnvelope } from "../../shared/envelope.ts";
import { EventType } from "../../shared/event-type.ts";
import type { Position } from "../../shared/position.ts";
import { defined } from "../support/defined.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import type { TestClient } from "../support/test-client.ts";

type Delta = Envelope<EventType.ChatResponseDelta>;

const room = "conversation:42";
const ids = { conversationId: "42", responseId: "r1" };
const fast = { LIMIT_COMMANDS_PER_SECOND: "100000", LIMIT_COMMANDS_BURST: "100000" };

const tokens = (count: number) => Array.from({ length: count }, (_, i) => `t${i} `);

/** A user, and an agent who answers in their conversation. */
async function begin(server: TestServer): Promise<{ ada: TestClient; agent: TestClient }> {
  const [ada] = await server.conversation("42", "ada");
  await ada.ok("conversation.add_members", { conversationId: "42", userIds: ["bot", "bob"] });
  return { ada, agent: await server.connect("bot", { roles: ["agent"] }) };
}

async function write(agent: TestClient, pieces: readonly string[]): Promise<void> {
  await Promise.all(pieces.map((delta) => agent.ok("chat_response_delta", { ...ids, delta })));
}

const finish = (agent: TestClient, message: string) =>
  agent.ok("chat_response", { ...ids, message, status: "complete" });

const deltasOf = (events: readonly { type: string }[]) =>
  events.filter(({ type }) => type === EventType.ChatResponseDelta) as Delta[];

const textOf = (deltas: readonly Delta[]) => deltas.map(({ data }) => data.delta).join("");

describe.each(stores)("streamed responses (%s)", (store) => {
  it("STREAM-1 a response arrives complete, in order, numbered from 0, and rolled up", async () => {
    const server = await startServer({ store, env: fast });
    const { ada, agent } = await begin(server);
    const startedAt = performance.now();

    await write(agent, tokens(1_000));
    await finish(agent, tokens(1_000).join(""));
    await ada.one(EventType.ChatResponse);

    const seconds = (performance.now() - startedAt) / 1000;
    const deltas = ada.seen(EventType.ChatResponseDelta);
    expect(textOf(deltas)).toBe(tokens(1_000).join(""));
    expect(deltas.map(({ data }) => data.index)).toEqual(deltas.map((_, i) => i));
    // One more for the first, which does not wait, and one for what the end lets out.
    expect(deltas.length).toBeLessThanOrEqual(25 * seconds + 2);
  });

  it("STREAM-2 a response of 10 000 deltas is one event for a client that joins during it or after its end", async () => {
    const server = await startServer({ store, env: fast });
    const { ada, agent } = await begin(server);
    const all = tokens(10_000);

    await write(agent, all.slice(0, 6_000));
    const bob = await server.connect("bob");
    const joined = await bob.ok("join_room", { room });
    await write(agent, all.slice(6_000));
    await finish(agent, all.join(""));
    const end = await bob.one(EventType.ChatResponse);
    const late = await server.connect("bob");
    const afterwards = await late.ok("join_room", { room });
    const history = await late.ok("history", { room });
    await ada.one(EventType.ChatResponse);

    const merged = deltasOf(joined.events);
    const live = bob.seen(EventType.ChatResponseDelta);
    expect(merged).toHaveLength(1);
    expect(textOf([...merged, ...live])).toBe(all.join(""));
    expect(live[0]?.data.index).toBe(defined(merged[0]).data.index + 1);
    expect(merged[0]?.position).toEqual(joined.position);
    expect(end.data.message).toBe(all.join(""));
    for (const { events } of [afterwards, history]) {
      expect(events.map(({ type }) => type)).toEqual([EventType.ChatResponse]);
    }
  });

  it("STREAM-2 a client that resumes in pages of one, with messages between the deltas, misses no delta", async () => {
    const server = await startServer({ store, env: fast });
    const { ada, agent } = await begin(server);
    const start = (await ada.ok("join_room", { room })).position;
    for (const piece of tokens(12)) {
      await write(agent, [piece]);
      await ada.inbox.until(() => textOf(ada.seen(EventType.ChatResponseDelta)).endsWith(piece), piece);
      await ada.ok("chat_message", { conversationId: "42", message: `after ${piece}` });
    }

    const events = [];
    let after: Position = start;
    for (let joined = false; !joined; ) {
      const page = await ada.ok("join_room", { room, after, limit: 1 });
      events.push(...page.events);
      ({ joined, position: after } = page);
    }

    expect(textOf(deltasOf(events))).toBe(tokens(12).join(""));
    expect(events.filter(({ type }) => type === EventType.ChatMessage)).toHaveLength(12);
  });

  it("STREAM-3 only agents and services may write responses, and a response only its producer", async () => {
    const server = await startServer({ store });
    const { ada, agent } = await begin(server);
    const other = await server.connect("backend", { roles: ["service"] });
    await write(agent, ["mine"]);

    const byUser = await ada.refused("chat_response_delta", { ...ids, delta: "x" });
    const byOther = await other.refused("chat_response_delta", { ...ids, delta: "x" });
    const endByOther = await other.refused("chat_response", { ...ids, message: "x", status: "complete" });

    expect([byUser, byOther, endByOther].map(({ code }) => code)).toEqual(["forbidden", "conflict", "conflict"]);
  });

  it("STREAM-4 after the end no delta is accepted, and the same end again gets the same reply", async () => {
    const server = await startServer({ store });
    const { ada, agent } = await begin(server);

    const first = await finish(agent, "all of it");
    const again = await finish(agent, "all of it");
    const late = await agent.refused("chat_response_delta", { ...ids, delta: "more" });
    await ada.ok("chat_message", { conversationId: "42", message: "marker" });
    await ada.one(EventType.ChatMessage);

    expect(again).toEqual({ ...first, duplicate: true });
    expect(late.code).toBe("conflict");
    expect(ada.seen(EventType.ChatResponse)).toHaveLength(1);
  });

  it("STREAM-5 a cancellation reaches the producer on every connection", async () => {
    const server = await startServer({ store });
    const { ada, agent } = await begin(server);
    const second = await server.connect("bot", { roles: ["agent"] });
    const before = await ada.refused("chat_response.cancel", ids);
    await write(agent, ["begun"]);

    await ada.ok("chat_response.cancel", ids);
    const told = await Promise.all([agent, second].map(({ inbox }) => inbox.one("cancel")));
    await finish(agent, "begun");
    const after = await ada.refused("chat_response.cancel", ids);

    expect(before.code).toBe("not_found");
    expect(told).toEqual([expect.objectContaining({ messageId: "r1" }), expect.objectContaining({ messageId: "r1" })]);
    expect(after.code).toBe("conflict");
  });

  it("STREAM-6 a response continues when its producer reconnects", async () => {
    const server = await startServer({ store });
    const { ada, agent } = await begin(server);
    await write(agent, ["one ", "two "]);
    agent.socket.io.engine.close();
    await ada.inbox.until(() => textOf(ada.seen(EventType.ChatResponseDelta)) === "one two ", "the first pieces");

    await agent.inbox.next("system.connection.established", 1);
    await write(agent, ["three"]);
    await finish(agent, "one two three");
    await ada.one(EventType.ChatResponse);

    const deltas = ada.seen(EventType.ChatResponseDelta);
    expect(textOf(deltas)).toBe("one two three");
    expect(deltas.map(({ data }) => data.index)).toEqual(deltas.map((_, i) => i));
  });

  it("STREAM-2 a page that begins after the deltas shows only the whole response", async () => {
    const server = await startServer({ store });
    const { ada, agent } = await begin(server);
    await write(agent, ["a"]);
    await ada.ok("chat_message", { conversationId: "42", message: "between" });
    await finish(agent, "a");

    const { events } = await ada.ok("history", { room, limit: 10 });

    const shown = (events as LoggedEnvelope[]).map(({ type }) => type);
    expect(shown).toEqual([EventType.ChatMessage, EventType.ChatResponse]);
  });

  it("STREAM-2 paging back through an unfinished response shows each delta once, whatever is between them", async () => {
    const server = await startServer({ store, env: fast });
    const { ada, agent } = await begin(server);
    for (const piece of tokens(8)) {
      await write(agent, [piece]);
      await ada.inbox.until(() => textOf(ada.seen(EventType.ChatResponseDelta)).endsWith(piece), piece);
      await ada.ok("chat_message", { conversationId: "42", message: `after ${piece}` });
    }
    const reader = await server.connect("bob");

    for (const limit of [1, 2, 3, 5, 50]) {
      const joined = await reader.ok("join_room", { room, limit });
      let { events } = joined;
      for (let hasMore = true; hasMore; ) {
        const before: Position = defined(events[0]).position;
        const page = await reader.ok("history", { room, before, limit });
        events = [...page.events, ...events];
        ({ hasMore } = page);
      }

      expect(textOf(deltasOf(events))).toBe(tokens(8).join(""));
      expect(events.filter(({ type }) => type === EventType.ChatMessage)).toHaveLength(8);
    }
  });
});
