import { describe, expect, it } from "@jest/globals";
import { Agent } from "../../shared/entities/agent.ts";
import { EventType } from "../../shared/event-type.ts";
import { AgentList } from "../../shared/http/agents.ts";
import { dispatch, eventsOf, look, result, shortLease, startWithStore, told } from "../support/dispatching.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import { connectAgent, startAgent } from "../support/test-agent.ts";
import { eventually } from "../support/within.ts";

/** A test that looks again and again asks faster than people do. */
const unhurried = { LIMIT_COMMANDS_PER_SECOND: "100000", LIMIT_COMMANDS_BURST: "100000" };

const asMonitor = { as: "watcher", roles: ["monitor"] as const };

const agentOf = async (server: TestServer, agentId: string) =>
  Agent.parse((await server.request("GET", `/api/agents/${agentId}`, asMonitor)).body);

const statusOf = async (server: TestServer, agentId: string) => (await agentOf(server, agentId)).status;

describe.each(stores)("agents (%s)", (name) => {
  it("AGENT-1 a registered agent gets its lease, is listed, and an event is in its room", async () => {
    const { server, store } = await startWithStore(name);
    const agent = await connectAgent(server, "coder");

    const registered = await agent.register({
      capabilities: ["code"],
      workdir: "/src",
      metadata: { v: 1 },
      concurrency: 2,
    });
    const { body } = await server.request("GET", "/api/agents", asMonitor);
    const one = await agentOf(server, "coder");

    const about = { agentId: "coder", capabilities: ["code"], workdir: "/src", metadata: { v: 1 } };
    expect(registered).toEqual({
      agentId: "coder",
      leaseMs: 30_000,
      heartbeatIntervalMs: 10_000,
      resume: [],
      cancel: [],
    });
    expect(one).toMatchObject({
      ...about,
      userId: "user-of-coder",
      status: "connected",
      concurrency: 2,
      inFlight: [],
      instanceId: server.server.instanceId,
    });
    expect(AgentList.parse(body).items).toEqual([one]);
    expect((await eventsOf(store, EventType.AgentConnected)).map(({ room, data }) => [room, data])).toEqual([
      ["agent:coder", about],
    ]);
  });

  it("AGENT-2 an agent must register first, once, and under an id that belongs to no other user", async () => {
    const server = await startServer({ store: name });
    const agent = await connectAgent(server, "coder", { sub: "ada" });
    const stranger = await connectAgent(server, "coder", { sub: "bob" });
    const [progress, response] = [
      { messageId: "m", attempt: 1, status: "working" },
      { messageId: "m", attempt: 1 },
    ];
    const tool = { type: "tool_executed", data: { agentName: "a", tool: "t", ok: true, details: {} } };

    const early = [
      await agent.client.refused("heartbeat", { agentId: "coder" }),
      await agent.client.refused("progress", progress),
      await agent.client.refused("response", response),
      await agent.client.refused("activity", tool),
    ];
    await agent.register();
    const again = await agent.client.refused("register", { agentId: "coder", capabilities: [] });
    const other = await agent.client.refused("register", { agentId: "other", capabilities: [] });
    const foreign = await stranger.client.refused("register", { agentId: "coder", capabilities: [] });
    agent.client.close();
    await eventually(async () => (await statusOf(server, "coder")) === "disconnected", "the end of the agent");
    const late = await stranger.client.refused("register", { agentId: "coder", capabilities: [] });

    expect([...early, again, other, foreign, late].map(({ code }) => code)).toEqual(Array(8).fill("conflict"));
    expect((await server.request("GET", "/api/agents/other", asMonitor)).status).toBe(404);
  });

  it("AGENT-2 concurrent registrations over one connection register once", async () => {
    const server = await startServer({ store: name });
    const agent = await connectAgent(server, "coder");

    const ids = ["a", "b", "a", "c"];
    const replies = await Promise.all(
      ids.map((agentId) => agent.client.command("register", { agentId, capabilities: [] })),
    );

    expect(replies.filter(({ ok }) => ok)).toHaveLength(1);
    const { body } = await server.request("GET", "/api/agents", asMonitor);
    expect(AgentList.parse(body).items).toHaveLength(1);
  });

  it("AGENT-3 a second connection of the same user replaces the first, and continues its work", async () => {
    const { server, store } = await startWithStore(name);
    const first = await startAgent(server, "coder");
    const { messageId } = await dispatch(server, { agentId: "coder" });
    const message = await first.nextDispatch();
    await first.progress(message);

    const second = await connectAgent(server, "coder");
    const { resume } = await second.register({ inFlight: [{ messageId, attempt: 1 }] });
    const close = await first.inbox.one("system.connection.close");
    await second.respond(message, { content: "by the second" });

    expect(close).toEqual({ reason: "replaced" });
    expect(resume).toEqual([{ messageId, attempt: 1 }]);
    expect(await result(server, messageId)).toMatchObject({ status: "completed", attempt: 1 });
    expect(await told(store, "reason")).toEqual([
      "agent_connected",
      "task_dispatched",
      "agent_progress",
      "agent_disconnected replaced",
      "agent_connected",
      "agent_response",
    ]);
  });

  it("AGENT-4 a heartbeat is echoed with the dispatches to cancel; a heartbeat for another agent is refused", async () => {
    const server = await startServer({ store: name });
    const agent = await startAgent(server, "coder");
    const { messageId } = await dispatch(server, { agentId: "coder" });
    await agent.nextDispatch();
    const dispatches = [
      { messageId, attempt: 1 },
      { messageId, attempt: 2 },
      { messageId: "unknown", attempt: 1 },
    ];

    const plain = await agent.client.ok("heartbeat", { agentId: "coder" });
    const named = await agent.client.ok("heartbeat", { agentId: "coder", dispatches: dispatches.slice(0, 1) });
    const wrong = await agent.client.ok("heartbeat", { agentId: "coder", dispatches: dispatches.slice(2) });
    const foreign = await agent.client.refused("heartbeat", { agentId: "other" });

    expect(plain).toEqual({ agentId: "coder", cancel: [] });
    expect(named).toEqual({ agentId: "coder", dispatches: dispatches.slice(0, 1), cancel: [] });
    expect(wrong).toEqual({ agentId: "coder", dispatches: dispatches.slice(2), cancel: ["unknown"] });
    expect(foreign.code).toBe("forbidden");
    await eventually(async () => (await look(server, messageId)).status === "running", "the acknowledgement");
  });

  it("AGENT-5 an agent without a heartbeat during its lease is disconnected, and its attempts are lost", async () => {
    const { server, store } = await startWithStore(name, shortLease);
    const agent = await startAgent(server, "coder");
    const { messageId } = await dispatch(server, { agentId: "coder" });
    await agent.nextDispatch();

    const lost = await result(server, messageId);
    await agent.inbox.one("disconnect");

    expect(agent.inbox.of("system.connection.close")).toEqual([{ reason: "heartbeat_lost" }]);
    expect(lost).toMatchObject({ status: "lost", attempt: 1 });
    expect(await agentOf(server, "coder")).toMatchObject({
      status: "heartbeat_lost",
      inFlight: [],
      verdict: { state: "gone" },
    });
    const events = (await told(store, "reason", "status")).filter((line) => !line.startsWith("task_"));
    expect(events.toSorted()).toEqual([
      "agent_connected",
      "agent_disconnected heartbeat_lost",
      "agent_error lost",
      "agent_heartbeat_lost",
    ]);
  });

  it("AGENT-5 heartbeats keep an agent and the dispatches that it names beyond the lease", async () => {
    const { server, store } = await startWithStore(name, shortLease);
    const agent = await startAgent(server, "coder", { concurrency: 2 });
    const [kept, dropped] = [
      await dispatch(server, { agentId: "coder" }),
      await dispatch(server, { agentId: "coder" }),
    ];
    await agent.inbox.next("dispatch", 2);

    const beat = () =>
      agent.client.ok("heartbeat", { agentId: "coder", dispatches: [{ messageId: kept.messageId, attempt: 1 }] });
    const beating = setInterval(() => void beat().catch(() => {}), 150);
    const lost = await result(server, dropped.messageId).finally(() => clearInterval(beating));
    const cancel = await agent.nextCancel();
    await agent.respond({ messageId: kept.messageId, attempt: 1 });

    expect(lost).toMatchObject({ status: "lost", outcome: { error: "nothing was heard of it" } });
    expect(cancel.messageId).toBe(dropped.messageId);
    expect(await result(server, kept.messageId)).toMatchObject({ status: "completed", attempt: 1 });
    expect((await told(store)).filter((line) => line === "agent_heartbeat_lost")).toEqual([]);
  });

  it("AGENT-6 an agent that reconnects in time continues its dispatches, and is sent those it has forgotten", async () => {
    const server = await startServer({ store: name });
    const agent = await startAgent(server, "coder", { concurrency: 3 });
    const kept = await dispatch(server, { agentId: "coder" });
    const forgotten = await dispatch(server, { agentId: "coder", maxAttempts: 2 });
    const lost = await dispatch(server, { agentId: "coder" });
    const messages = await agent.inbox.next<{ messageId: string; attempt: number }>("dispatch", 3);
    for (const { messageId, attempt } of messages) {
      await agent.client.ok("progress", { messageId, attempt, status: "working" });
    }
    agent.client.close();

    const again = await connectAgent(server, "coder");
    const inFlight = [
      { messageId: kept.messageId, attempt: 1 },
      { messageId: "other", attempt: 1 },
    ];
    const { resume, cancel } = await again.register({ concurrency: 3, inFlight });
    const next = await again.nextDispatch();
    await again.respond({ messageId: kept.messageId, attempt: 1 });
    await again.respond(next);

    expect([resume, cancel]).toEqual([[{ messageId: kept.messageId, attempt: 1 }], ["other"]]);
    expect(next).toMatchObject({ messageId: forgotten.messageId, attempt: 2 });
    expect(await result(server, kept.messageId)).toMatchObject({ status: "completed", attempt: 1 });
    expect(await result(server, forgotten.messageId)).toMatchObject({ status: "completed", attempt: 2 });
    expect(await result(server, lost.messageId)).toMatchObject({ status: "lost", attempt: 1 });
  });

  it("AGENT-6 an agent that names no dispatches in flight continues all of them", async () => {
    const server = await startServer({ store: name });
    const agent = await startAgent(server, "coder");
    const { messageId } = await dispatch(server, { agentId: "coder" });
    const message = await agent.nextDispatch();
    await agent.progress(message);
    agent.client.close();

    const again = await connectAgent(server, "coder");
    const { resume } = await again.register();
    await again.respond(message);

    expect(resume).toEqual([{ messageId, attempt: 1 }]);
    expect(await result(server, messageId)).toMatchObject({ status: "completed", attempt: 1 });
  });

  it("AGENT-7 an agent reports its activity in its own room", async () => {
    const { server, store } = await startWithStore(name);
    const agent = await startAgent(server, "coder", { sub: "ada" });
    const activity = { agentName: "Coder", activity: "indexing", details: { files: 3 } };

    await agent.client.ok("activity", { type: EventType.AgentStarted, data: activity });
    await agent.client.ok("activity", {
      type: EventType.ToolExecuted,
      data: { agentName: "Coder", tool: "grep", durationMs: 3, ok: true, details: {} },
    });
    await agent.client.ok("activity", {
      type: EventType.AgentHandoff,
      data: { fromAgent: "Coder", toAgent: "Tester", details: {} },
    });
    await agent.client.ok("activity", { type: EventType.AgentCompleted, data: activity });
    const wrong = await agent.client.refused("activity", { type: EventType.AgentConnected, data: {} });

    expect((await told(store, "agentName", "tool", "toAgent")).slice(1)).toEqual([
      "agent_started Coder",
      "tool_executed Coder grep",
      "agent_handoff Tester",
      "agent_completed Coder",
    ]);
    const { body } = await server.request("GET", "/api/events?topics=agent:coder&limit=10", asMonitor);
    expect((body.events as { type: string }[]).map(({ type }) => type)).toEqual(await told(store));
    const [started] = await eventsOf(store, EventType.AgentStarted);
    expect(started).toMatchObject({ room: "agent:coder", sender: { userId: "ada", agentId: "coder" } });
    expect(wrong.code).toBe("invalid_payload");
  });

  it("AGENT-8 the list has agents in pages, with their dispatches in flight, including agents that were lately disconnected", async () => {
    const server = await startServer({ store: name });
    const agents = await Promise.all(["a", "b", "c"].map((agentId) => startAgent(server, agentId)));
    const { messageId } = await dispatch(server, { agentId: "b" });
    await agents[1]?.nextDispatch();
    agents[2]?.client.close();
    await eventually(async () => (await statusOf(server, "c")) === "disconnected", "the end of c");
    await eventually(async () => (await look(server, messageId)).status === "running", "the acknowledgement");

    const first = AgentList.parse((await server.request("GET", "/api/agents?limit=2", asMonitor)).body);
    const second = AgentList.parse(
      (await server.request("GET", `/api/agents?limit=2&cursor=${first.nextCursor}`, asMonitor)).body,
    );
    const all = [...first.items, ...second.items];

    expect(second.nextCursor).toBeNull();
    expect(all.map(({ agentId, status }) => `${agentId} ${status}`).toSorted()).toEqual([
      "a connected",
      "b connected",
      "c disconnected",
    ]);
    expect(all.find(({ agentId }) => agentId === "b")?.inFlight).toEqual([
      { messageId, attempt: 1, status: "running" },
    ]);
    expect(first.position.offset).toBeGreaterThan(0);
    expect((await server.request("GET", "/api/agents/nobody", asMonitor)).body).toMatchObject({ code: "not_found" });
    expect((await server.request("GET", "/api/agents", { roles: ["user"] })).body).toMatchObject({ code: "forbidden" });
  });

  it("AGENT-9 the verdict tells an agent that makes progress from one that is only connected, and its changes are published", async () => {
    const { server, store } = await startWithStore(name, { AGENT_STALL_SECONDS: "3", ...unhurried });
    const watcher = await server.connect("watcher", { namespace: "/monitoring", roles: ["monitor"] });
    await watcher.ok("join_room", { room: "health" });
    const changes = () =>
      watcher.seen(EventType.HealthUpdate).map(({ data }) => `${data.status} ${data.details?.verdict}`);
    const agent = await startAgent(server, "coder");
    const verdict = async () => (await agentOf(server, "coder")).verdict.state;

    const seen = [await verdict()];
    await agent.client.ok("heartbeat", { agentId: "coder" });
    seen.push(await verdict());
    await dispatch(server, { agentId: "coder" });
    const message = await agent.nextDispatch();
    await agent.progress(message);
    await eventually(async () => (await verdict()) === "progressing", "progress");
    await eventually(async () => (await verdict()) === "stalled", "the stall");
    await eventually(async () => (await eventsOf(store, EventType.AlertCreated)).length > 0, "the alert");
    await agent.respond(message);
    seen.push(await verdict());
    agent.client.close();
    await eventually(async () => (await verdict()) === "gone", "the end");
    await watcher.inbox.until(() => changes().includes("down gone"), "the last change");

    const [alert] = await eventsOf(store, EventType.AlertCreated);
    expect(seen).toEqual(["connected", "heartbeating", "heartbeating"]);
    // Of rapid changes the last one is told.
    expect(changes()).toContain("degraded stalled");
    expect(watcher.seen(EventType.HealthUpdate)[0]?.data.component).toBe("agent:coder");
    expect(alert?.data).toMatchObject({ severity: "warning", details: { agentId: "coder", verdict: "stalled" } });
    expect((await agentOf(server, "coder")).verdict.reason).toMatch(/last seen/);
  });
});
