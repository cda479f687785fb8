import { describe, expect, it } from "@jest/globals";
import type { Envelope } from "../../shared/envelope.ts";
import { EventType } from "../../shared/event-type.ts";
import { asService, dispatch, look, result, shortLease } from "../support/dispatching.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { stores } from "../support/stores.ts";
import { startAgent } from "../support/test-agent.ts";
import type { TestClient } from "../support/test-client.ts";
import { eventually } from "../support/within.ts";

const room = "conversation:42";

async function start(name: (typeof stores)[number], env: Record<string, string> = {}) {
  const server = await startServer({ store: name, env });
  const [ada] = await server.conversation("42", "ada");
  return { server, ada };
}

const post = (server: TestServer, body: object) =>
  server.request("POST", "/api/dispatches", { ...asService, body: { content: "do it", ...body } });

const answerOf = ({ inbox }: TestClient) =>
  inbox.of<Envelope<EventType.ChatResponseDelta>>(EventType.ChatResponseDelta).map(({ data }) => data);

describe.each(stores)("a dispatch in a conversation (%s)", (name) => {
  it("DISPATCH-13 its progress and its result appear as one streamed response", async () => {
    const { server, ada } = await start(name);
    const agent = await startAgent(server, "coder", { sub: "bot" });
    const { messageId } = await dispatch(server, { agentId: "coder", sessionId: "42" });
    const message = await agent.nextDispatch();

    for (const delta of ["Once ", "upon ", "a time"]) await agent.progress(message, { delta });
    await agent.respond(message, { usage: { tokens: 4 } });
    const end = await ada.one(EventType.ChatResponse);
    const { events } = await ada.ok("history", { room });

    const by = { responseId: messageId, agentId: "coder", attempt: 1 };
    expect(message.sessionId).toBe("42");
    expect(
      answerOf(ada)
        .map(({ delta }) => delta)
        .join(""),
    ).toBe("Once upon a time");
    expect(answerOf(ada).map(({ index }) => index)).toEqual(answerOf(ada).map((_, index) => index));
    expect(answerOf(ada)[0]).toMatchObject(by);
    expect(end).toMatchObject({
      sender: { userId: "bot", agentId: "coder" },
      data: { ...by, status: "complete", message: "Once upon a time", usage: { tokens: 4 } },
    });
    expect(events.map(({ type }) => type)).toEqual([EventType.ChatResponse]);
    expect(await result(server, messageId)).toMatchObject({ status: "completed", sessionId: "42" });
  });

  it("DISPATCH-13 the response of a retried attempt replaces the earlier one, for members and late joiners", async () => {
    const { server, ada } = await start(name, shortLease);
    const first = await startAgent(server, "first", { capabilities: ["code"] });
    const { messageId } = await dispatch(server, { capability: "code", sessionId: "42", maxAttempts: 2 });
    const message = await first.nextDispatch();
    await first.progress(message, { delta: "wrong " });
    await first.progress(message, { delta: "answer" });
    await startAgent(server, "second", { capabilities: ["code"], beatMs: 100 }).then(async (second) => {
      const retried = await second.nextDispatch();
      await second.progress(retried, { delta: "right" });
      await ada.inbox.until(() => answerOf(ada).some(({ attempt }) => attempt === 2), "the second attempt");
      const cy = await server.connect("cy", { roles: ["admin"] });
      const joined = await cy.ok("join_room", { room });
      await second.respond(retried, { content: "right answer" });

      const late = joined.events.map(({ data }) => data);
      expect(late).toMatchObject([{ responseId: messageId, attempt: 2, index: 0, delta: "right" }]);
    });
    const end = await ada.one(EventType.ChatResponse);
    const { events } = await ada.ok("history", { room });

    const seen = answerOf(ada).map(({ attempt, index, delta }) => `${attempt}.${index} ${delta}`);
    expect(seen.slice(0, -1).map((line) => line.slice(0, 2))).toEqual(seen.slice(0, -1).map(() => "1."));
    expect(seen.at(-1)).toBe("2.0 right");
    expect(end.data).toMatchObject({ status: "complete", attempt: 2, agentId: "second", message: "right answer" });
    expect(events).toHaveLength(1);
  });

  it("DISPATCH-13 a user cancels it, and its agent is notified within a second", async () => {
    const { server, ada } = await start(name);
    const agent = await startAgent(server, "coder");
    const { messageId } = await dispatch(server, { agentId: "coder", sessionId: "42" });
    const message = await agent.nextDispatch();
    await agent.progress(message, { delta: "So far" });
    await ada.one(EventType.ChatResponseDelta);

    const since = stopwatch();
    await ada.ok("chat_response.cancel", { conversationId: "42", responseId: messageId });
    const notice = await agent.nextCancel();
    const tookMs = since();
    const end = await ada.one(EventType.ChatResponse);
    const again = await ada.refused("chat_response.cancel", { conversationId: "42", responseId: messageId });

    expect(notice).toMatchObject({ messageId, reason: "cancelled: cancelled by Ada" });
    expect(tookMs).toBeLessThan(1_000);
    expect(end.data).toMatchObject({ status: "cancelled", message: "So far" });
    expect(again.code).toBe("conflict");
    expect((await look(server, messageId)).status).toBe("cancelled");
  });

  it.each([
    ["fails", "failed", "out of ideas"],
    ["is killed", "failed", "So far"],
    ["is never there", "failed", "the deadline has passed"],
  ] as const)("DISPATCH-13 no response stays unfinished if its agent %s", async (how, status, text) => {
    const { server, ada } = await start(name, shortLease);
    const isThere = how !== "is never there";
    const agent = isThere ? await startAgent(server, "coder") : undefined;
    const { messageId } = await dispatch(server, {
      agentId: "coder",
      sessionId: "42",
      queue: true,
      timeoutMs: isThere ? 9_000 : 300,
    });

    if (agent) {
      const message = await agent.nextDispatch();
      if (how === "fails") await agent.respond(message, { error: "out of ideas" });
      else {
        await agent.progress(message, { delta: "So far" });
        agent.client.close();
      }
    }
    const end = await ada.one(EventType.ChatResponse);

    expect(end.data).toMatchObject({ responseId: messageId, status, message: text });
  });

  it("DISPATCH-13 no user can write its response, and an existing response is not taken over", async () => {
    const { server, ada } = await start(name);
    await startAgent(server, "coder");
    const bot = await server.connect("backend", { roles: ["service"] });
    await bot.ok("chat_response_delta", { conversationId: "42", responseId: "taken", delta: "x" });

    const taken = await post(server, { agentId: "coder", sessionId: "42", id: "taken" });
    const { messageId: responseId } = await dispatch(server, { agentId: "coder", sessionId: "42" });
    const refused = [
      await bot.refused("chat_response_delta", { conversationId: "42", responseId, delta: "x" }),
      await bot.refused("chat_response", { conversationId: "42", responseId, message: "x", status: "complete" }),
    ];
    const nowhere = await post(server, { agentId: "coder", sessionId: "nowhere" });

    expect(taken.body.code).toBe("conflict");
    expect(refused.map(({ code }) => code)).toEqual(["conflict", "conflict"]);
    expect(nowhere.body.code).toBe("not_found");
    expect(answerOf(ada).length).toBeLessThanOrEqual(1);
  });
});

describe.each(stores)("a dispatch with a task (%s)", (name) => {
  const createTask = (server: TestServer, id: string) =>
    server.request("POST", "/api/tasks", { ...asService, body: { id, title: "A task", status: "pending" } });
  const taskOf = async (server: TestServer, id: string) =>
    (await server.request("GET", `/api/tasks/${id}`, asService)).body as { status: string; blockedReason?: string };
  const becomes = (server: TestServer, id: string, status: string) =>
    eventually(async () => (await taskOf(server, id)).status === status, `${id} to be ${status}`);

  it("DISPATCH-14 the task becomes in progress, then completed", async () => {
    const server = await startServer({ store: name });
    const agent = await startAgent(server, "coder");
    await createTask(server, "t-1");

    await dispatch(server, { agentId: "coder", taskId: "t-1" });
    const message = await agent.nextDispatch();
    await becomes(server, "t-1", "in_progress");
    await agent.respond(message);
    await becomes(server, "t-1", "completed");

    expect(message.taskId).toBe("t-1");
  });

  it("DISPATCH-14 the task is blocked, with the reason, if the dispatch fails, is lost or is cancelled", async () => {
    const server = await startServer({ store: name });
    const agent = await startAgent(server, "coder");
    for (const id of ["failed", "lost", "cancelled"]) await createTask(server, id);

    await dispatch(server, { agentId: "coder", taskId: "failed" });
    await agent.respond(await agent.nextDispatch(), { error: "no way" });
    await dispatch(server, { agentId: "nobody", taskId: "lost", queue: true, timeoutMs: 100 });
    const { messageId } = await dispatch(server, { agentId: "nobody", taskId: "cancelled", queue: true });
    await server.request("DELETE", `/api/dispatches/${messageId}`, asService);
    for (const id of ["failed", "lost", "cancelled"]) await becomes(server, id, "blocked");
    const unknown = await post(server, { agentId: "coder", taskId: "nothing" });

    expect((await taskOf(server, "failed")).blockedReason).toBe("dispatch failed: no way");
    expect((await taskOf(server, "lost")).blockedReason).toBe("dispatch lost: the deadline has passed");
    expect((await taskOf(server, "cancelled")).blockedReason).toBe("dispatch cancelled: cancelled by Backend");
    expect(unknown.body.code).toBe("not_found");
  });
});
