import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { asService, dispatch, eventsOf, look, result, startWithStore, told } from "../support/dispatching.ts";
import { requestFor } from "../support/request-for.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { stores } from "../support/stores.ts";
import { startAgent } from "../support/test-agent.ts";
import { eventually } from "../support/within.ts";

const post = (server: TestServer, body: object, as = "backend") =>
  server.request("POST", "/api/dispatches", { as, roles: ["service"], body: { content: "do it", ...body } });

const cancel = (server: TestServer, messageId: string) =>
  server.request("DELETE", `/api/dispatches/${messageId}`, asService);

const isRunning = (server: TestServer, messageId: string) =>
  eventually(async () => (await look(server, messageId)).status === "running", "the acknowledgement");

describe.each(stores)("dispatch (%s)", (name) => {
  it("DISPATCH-1 it is sent to its agent, each step is published, and the waiting request gets its result", async () => {
    const { server, store } = await startWithStore(name);
    const agent = await startAgent(server, "coder");

    const created = await post(server, { agentId: "coder", context: { branch: "main" }, id: "d-1" });
    const waiting = result(server, "d-1");
    const message = await agent.nextDispatch();
    const progress = await agent.progress(message, { progressText: "half", percent: 50 });
    const response = await agent.respond(message, { content: "done", usage: { tokens: 3 } });
    const ended = await waiting;

    expect(created).toMatchObject({ status: 202, body: { messageId: "d-1", status: "dispatched" } });
    expect(created.headers.get("location")).toBe("/api/dispatches/d-1");
    const { deadline } = ended;
    expect(message).toEqual({ messageId: "d-1", attempt: 1, content: "do it", context: { branch: "main" }, deadline });
    expect(Date.parse(deadline) - Date.parse(ended.createdAt)).toBe(600_000);
    expect([progress, response]).toEqual([{ cancel: false }, { accepted: true }]);
    expect(ended).toMatchObject({
      status: "completed",
      agentId: "coder",
      attempt: 1,
      maxAttempts: 1,
      outcome: { content: "done", usage: { tokens: 3 } },
    });
    expect(await told(store, "messageId", "attempt", "progressText", "percent", "content")).toEqual([
      "agent_connected",
      "task_dispatched d-1 1 do it",
      "agent_progress d-1 1 half 50",
      "agent_response d-1 1 done",
    ]);
  });

  it("DISPATCH-1 an agent that fails gives the reason", async () => {
    const { server, store } = await startWithStore(name);
    const agent = await startAgent(server, "coder");
    const { messageId } = await dispatch(server, { agentId: "coder", maxAttempts: 3 });

    await agent.respond(await agent.nextDispatch(), { error: "no such branch", content: "half" });

    const outcome = { error: "no such branch", content: "half" };
    expect(await result(server, messageId)).toMatchObject({ status: "failed", attempt: 1, outcome });
    const [error] = await eventsOf(store, EventType.AgentError);
    expect(error?.data).toEqual({ agentId: "coder", messageId, attempt: 1, status: "failed", ...outcome });
  });

  it("DISPATCH-3 a dispatch for a capability goes to the least loaded agent that has it", async () => {
    const server = await startServer({ store: name });
    const [a, b] = [
      await startAgent(server, "a", { capabilities: ["code", "test"], concurrency: 3 }),
      await startAgent(server, "b", { capabilities: ["code"], concurrency: 3 }),
    ];
    await startAgent(server, "c", { capabilities: ["test"], concurrency: 3 });

    await dispatch(server, { agentId: "a" });
    const counts: string[] = [];
    for (let i = 0; i < 5; i++) {
      const { messageId } = await dispatch(server, { capability: "code" });
      counts.push((await look(server, messageId)).agentId ?? "");
    }

    expect(counts[0]).toBe("b");
    expect(counts.filter((agentId) => agentId === "a")).toHaveLength(2);
    expect(counts.filter((agentId) => agentId === "b")).toHaveLength(3);
    await a.inbox.next("dispatch", 3);
    await b.inbox.next("dispatch", 3);
  });

  it("DISPATCH-4 without a connected agent it is refused, or queued if requested", async () => {
    const server = await startServer({ store: name });
    const offline = await post(server, { agentId: "coder" });
    const unknown = await post(server, { capability: "code", id: "d-1" });

    const [first, second] = [
      await dispatch(server, { agentId: "coder", queue: true }),
      await dispatch(server, { capability: "code", queue: true }),
    ];
    const agent = await startAgent(server, "coder", { capabilities: ["code"], concurrency: 2 });
    const sent = await agent.inbox.next<{ messageId: string }>("dispatch", 2);

    for (const { status, body } of [offline, unknown]) {
      expect([status, body.code, body.retryable]).toEqual([503, "agent_offline", true]);
    }
    expect((await server.request("GET", "/api/dispatches/d-1", asService)).status).toBe(404);
    expect([first.status, second.status]).toEqual(["queued", "queued"]);
    expect(sent.map(({ messageId }) => messageId)).toEqual([first.messageId, second.messageId]);
  });

  it("DISPATCH-5 the same id again is the same dispatch; the id of another user's dispatch is a conflict", async () => {
    const server = await startServer({ store: name });
    const agent = await startAgent(server, "coder", { concurrency: 10 });

    const replies = await Promise.all(Array.from({ length: 5 }, () => post(server, { agentId: "coder", id: "d-1" })));
    const message = await agent.nextDispatch();
    const foreign = await post(server, { agentId: "coder", id: "d-1" }, "other");
    await agent.respond(message);
    const late = await post(server, { agentId: "coder", id: "d-1" });
    const { messageId } = await dispatch(server, { agentId: "coder" });
    await agent.nextDispatch();

    expect(replies.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202]);
    expect(foreign.body).toMatchObject({ code: "conflict" });
    expect(late.body).toEqual({ messageId: "d-1", status: "completed" });
    expect(agent.dispatches.map((sent) => sent.messageId)).toEqual(["d-1", messageId]);
  });

  it("DISPATCH-6 cancelling ends it at once, and its agent is notified within a second", async () => {
    const { server, store } = await startWithStore(name);
    const agent = await startAgent(server, "coder");
    const { messageId } = await dispatch(server, { agentId: "coder" });
    const message = await agent.nextDispatch();
    await agent.progress(message);

    const since = stopwatch();
    const cancelled = await cancel(server, messageId);
    const notice = await agent.nextCancel();
    const tookMs = since();
    const again = await cancel(server, messageId);
    const [progress, response] = [await agent.progress(message), await agent.respond(message)];

    expect(cancelled.body).toMatchObject({ status: "cancelled", outcome: { error: "cancelled by Backend" } });
    expect(notice).toEqual({ messageId, reason: "cancelled: cancelled by Backend" });
    expect(tookMs).toBeLessThan(1_000);
    expect([again.status, again.body.status]).toEqual([200, "cancelled"]);
    expect([progress, response]).toEqual([{ cancel: true }, { accepted: false }]);
    expect((await told(store, "status")).at(-1)).toBe("agent_error cancelled");
  });

  it("DISPATCH-6 a queued dispatch can be cancelled; an ended one is a conflict", async () => {
    const server = await startServer({ store: name });
    const { messageId } = await dispatch(server, { agentId: "coder", queue: true });

    const cancelled = await cancel(server, messageId);
    const agent = await startAgent(server, "coder");
    const next = await dispatch(server, { agentId: "coder" });
    await agent.respond(await agent.nextDispatch());
    const late = await cancel(server, next.messageId);
    const unknown = await cancel(server, "nothing");

    expect(cancelled.body).toMatchObject({ status: "cancelled", attempt: 0, agentId: "coder" });
    expect(agent.dispatches.map((sent) => sent.messageId)).toEqual([next.messageId]);
    expect([late.body.code, unknown.body.code]).toEqual(["conflict", "not_found"]);
  });

  it("DISPATCH-10 an agent has at most its concurrency in flight, and the others wait in order", async () => {
    const server = await startServer({ store: name });
    const agent = await startAgent(server, "coder", { concurrency: 2, capabilities: ["code"] });

    const ids: string[] = [];
    for (let i = 0; i < 8; i++) {
      const { messageId } = await dispatch(server, i % 2 ? { capability: "code" } : { agentId: "coder" });
      ids.push(messageId);
    }
    const order: string[] = [];
    let most = 0;
    for (let done = 0; done < ids.length; done++) {
      const message = await agent.nextDispatch();
      order.push(message.messageId);
      most = Math.max(most, agent.dispatches.length - done);
      await agent.respond(message);
    }

    expect(order).toEqual(ids);
    expect(most).toBe(2);
    expect((await look(server, ids[7] as string)).status).toBe("completed");
  });

  it("DISPATCH-11 a waiting request is answered at the end, or after the requested time", async () => {
    const server = await startServer({ store: name });
    const agent = await startAgent(server, "coder");
    const { messageId } = await dispatch(server, { agentId: "coder" });
    const message = await agent.nextDispatch();
    await isRunning(server, messageId);

    const early = await result(server, messageId, 1);
    const many = Promise.all(Array.from({ length: 10 }, () => result(server, messageId, 50)));
    await agent.respond(message);
    const answered = await many;
    const unknown = await server.request("GET", "/api/dispatches/nothing?wait=50", asService);

    expect(early.status).toBe("running");
    expect(answered.map(({ status }) => status)).toEqual(Array(10).fill("completed"));
    expect(unknown.status).toBe(404);
  });

  it("DISPATCH-11 a waiting request is answered when the instance stops", async () => {
    const server = await startServer({ store: name });
    const { messageId } = await dispatch(server, { agentId: "coder", queue: true });

    const arrived = requestFor(`/api/dispatches/${messageId}?wait=50`);
    const waiting = result(server, messageId, 50);
    await arrived;
    await server.server.drain(0);

    expect((await waiting).status).toBe("queued");
  });

  it("DISPATCH-12 a result may have 1 MiB and no more, and watchers and readers get all of it", async () => {
    const server = await startServer({ store: name });
    const agent = await startAgent(server, "coder");
    const [ada] = await server.conversation("42", "ada");
    const watcher = await server.connect("watcher", { namespace: "/monitoring", roles: ["monitor"] });
    await watcher.ok("join_room", { room: "agent:*" });
    const { messageId } = await dispatch(server, { agentId: "coder", sessionId: "42" });
    const message = await agent.nextDispatch();
    const content = "x".repeat(1_048_576);

    const tooLong = await agent.client.refused("response", { messageId, attempt: 1, content: `${content}x` });
    const otherwise = await agent.client.refused("progress", { messageId, attempt: 1, status: "x".repeat(70_000) });
    const { accepted } = await agent.respond(message, { content });
    const [told, end] = [await watcher.one(EventType.AgentResponse), await ada.one(EventType.ChatResponse)];
    await ada.ok("chat_message", { conversationId: "42", message: "still here" });
    const resumed = await watcher.ok("join_room", { room: "agent:*" });

    expect([tooLong.code, otherwise.code]).toEqual(["too_large", "too_large"]);
    expect(accepted).toBe(true);
    expect((await result(server, messageId)).outcome?.content).toHaveLength(1_048_576);
    expect([told.data.content?.length, end.data.message.length]).toEqual([1_048_576, 1_048_576]);
    expect(resumed.joined).toBe(true);
  });
});
