import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { limits } from "../../shared/limits.ts";
import { FaultyEventLog } from "../support/faulty-event-log.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { openStore, type StoreName, stores } from "../support/stores.ts";

const ids = { conversationId: "42", responseId: "r1" };
const end = { ...ids, status: "complete" } as const;
const unhurried = { LIMIT_COMMANDS_PER_SECOND: "100000", LIMIT_COMMANDS_BURST: "100000" };

async function begin(server: TestServer) {
  const [ada] = await server.conversation("42", "ada");
  await ada.ok("conversation.add_members", { conversationId: "42", userIds: ["bot"] });
  return { ada, agent: await server.connect("bot", { roles: ["agent"] }) };
}

const deltas = (count: number, length = limits.deltaLength) =>
  Array.from({ length: count }, (_, index) => String(index % 10).repeat(length));

/** A server on a log that a test can disturb. */
async function startFaulty(name: StoreName) {
  const { close: _close, broadcast: _broadcast, ...store } = await openStore(name);
  const log = new FaultyEventLog(store.log);
  return { log, server: await startServer({ store: name, overrides: { ...store, log }, env: unhurried }) };
}

describe.each(stores)("the end of a response without its text (%s)", (store) => {
  it("STREAM-12 a final response without a message has all that was streamed, over any connection", async () => {
    const server = await startServer({ store, env: unhurried });
    const { ada, agent } = await begin(server);
    const other = await server.connectWebSocket("bot", { roles: ["agent"] });
    const pieces = deltas(64);

    for (const [index, delta] of pieces.entries()) {
      if (index % 2 === 0) await agent.ok("chat_response_delta", { ...ids, delta });
      else await other.ok("chat_response_delta", { ...ids, delta });
    }
    const reply = await other.ok("chat_response", end);
    const again = await agent.ok("chat_response", end);

    const { data } = await ada.one(EventType.ChatResponse);
    expect(data).toMatchObject({ responseId: "r1", status: "complete" });
    expect(data.message === pieces.join("")).toBe(true);
    expect(again).toEqual({ ...(reply as object), duplicate: true });
  });

  it("STREAM-12 without a message, a response of which nothing was streamed is empty", async () => {
    const server = await startServer({ store });
    const { ada, agent } = await begin(server);

    await agent.ok("chat_response", { ...end, status: "failed" });

    expect((await ada.one(EventType.ChatResponse)).data).toMatchObject({ message: "", status: "failed" });
  });

  it("STREAM-12 a text beyond the limit, or an incomplete stream, requires a message", async () => {
    const server = await startServer({ store, env: { ...unhurried, LOG_MAX_EVENTS: "20" } });
    const { ada, agent } = await begin(server);
    for (const delta of deltas(65)) await agent.ok("chat_response_delta", { ...ids, delta });
    const tooLong = await agent.refused("chat_response", end);
    const trimmed = { conversationId: "42", responseId: "r2" };
    await agent.ok("chat_response_delta", { ...trimmed, delta: "first" });
    for (let count = 0; count < 25; count++) await ada.ok("chat_message", { conversationId: "42", message: "x" });
    await agent.ok("chat_response_delta", { ...trimmed, delta: "last" });
    const incomplete = await agent.refused("chat_response", { ...trimmed, status: "complete" });

    expect(tooLong).toMatchObject({ code: "too_large", message: expect.stringContaining("message") });
    expect(incomplete).toMatchObject({ code: "conflict", message: expect.stringContaining("message") });
    for (const response of [end, { ...end, ...trimmed }]) {
      expect(await agent.ok("chat_response", { ...response, message: "short" })).toMatchObject({ duplicate: false });
    }
  });

  it("STREAM-12 while the log cannot be written, the end is unavailable, and no text is lost", async () => {
    const { server, log } = await startFaulty(store);
    const { ada, agent } = await begin(server);
    await agent.ok("chat_response_delta", { ...ids, delta: "one " });
    await ada.one(EventType.ChatResponseDelta);
    log.appends = "before";
    await agent.ok("chat_response_delta", { ...ids, delta: "two " });

    const refused = await agent.refused("chat_response", end);
    log.appends = "none";
    await agent.ok("chat_response_delta", { ...ids, delta: "three" });
    await agent.ok("chat_response", end);

    expect(refused.code).toBe("unavailable");
    expect((await ada.one(EventType.ChatResponse)).data.message).toBe("one two three");
  });
});
