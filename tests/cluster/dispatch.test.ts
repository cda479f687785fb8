import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { startAgentProcess } from "../support/agent-process.ts";
import { asService, dispatch, look, result, shortLease } from "../support/dispatching.ts";
import { Program } from "../support/program.ts";
import type { TestServer } from "../support/server.ts";
import { connectAgent, startAgent } from "../support/test-agent.ts";
import { testSecret, tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";
import { sharedEnv, startInstances } from "./cluster.ts";

const script = "tests/support/hanging-agent.js";

const sharedStart = async (env: Record<string, string> = {}) =>
  startInstances({ ...(await sharedEnv()), ...env }, ["A", "B", "C"]);

const agentsSeenBy = async (server: TestServer) => {
  const { body } = await server.request("GET", "/api/agents", asService);
  return (body.items as { agentId: string; instanceId: string }[])
    .map(({ agentId, instanceId }) => `${agentId} ${instanceId}`)
    .toSorted();
};

describe("dispatches with several instances", () => {
  it("CLUSTER-13 a dispatch is created at one instance, done by an agent of another, and its result read from a third", async () => {
    const [a, b, c] = await sharedStart();
    const agent = await startAgent(b, "coder", { capabilities: ["code"], beatMs: 100 });

    const created = await dispatch(a, { capability: "code" });
    const waiting = result(c, created.messageId);
    const message = await agent.nextDispatch();
    await agent.respond(message, { content: "done" });
    const ended = await waiting;
    const second = await dispatch(c, { agentId: "coder" });
    await agent.nextDispatch();
    await a.request("DELETE", `/api/dispatches/${second.messageId}`, asService);
    const cancel = await agent.nextCancel();

    expect(ended).toMatchObject({ status: "completed", outcome: { content: "done" } });
    expect(cancel.messageId).toBe(second.messageId);
    const seen = [`coder ${b.server.instanceId}`];
    expect([await agentsSeenBy(a), await agentsSeenBy(b), await agentsSeenBy(c)]).toEqual([seen, seen, seen]);
  });

  it("CLUSTER-13 an agent that registers at another instance replaces its connection, and continues its work", async () => {
    const [a, b, c] = await sharedStart();
    const first = await startAgent(a, "coder", { beatMs: 100 });
    const { messageId } = await dispatch(b, { agentId: "coder" });
    const message = await first.nextDispatch();
    await first.progress(message);

    const second = await connectAgent(c, "coder");
    const { resume } = await second.register({ inFlight: [{ messageId, attempt: 1 }] });
    const close = await first.inbox.one("system.connection.close");
    await second.respond(message);

    expect(resume).toEqual([{ messageId, attempt: 1 }]);
    expect(close).toEqual({ reason: "replaced" });
    expect(await result(b, messageId)).toMatchObject({ status: "completed", attempt: 1 });
  });

  it("CLUSTER-14 when an agent is killed, another one completes its dispatch, its late response is refused, and one answer is shown", async () => {
    const [a, b, c] = await sharedStart(shortLease);
    const [ada] = await c.conversation("42", "ada");
    const killed = await startAgentProcess({ script }, { url: b.url, agentId: "first" });
    const { messageId } = await dispatch(a, { capability: "code", sessionId: "42", maxAttempts: 2, timeoutMs: 60_000 });
    await killed.says(`began ${messageId}`);
    const second = await startAgent(c, "second", { capabilities: ["code"], beatMs: 100 });

    await killed.kill();
    const waiting = result(c, messageId);
    const retried = await second.nextDispatch();
    await second.progress(retried, { delta: "a whole " });
    await second.respond(retried, { content: "a whole answer" });
    const ended = await waiting;
    const back = await startAgent(a, "first", { inFlight: [] });
    const late = await back.respond({ messageId: retried.messageId, attempt: 1 }, { content: "late" });
    const end = await ada.one(EventType.ChatResponse);
    const { events } = await ada.ok("history", { room: "conversation:42" });

    expect(retried).toMatchObject({ messageId, attempt: 2 });
    expect(ended).toMatchObject({ status: "completed", agentId: "second", outcome: { content: "a whole answer" } });
    expect(late).toEqual({ accepted: false });
    expect(end.data).toMatchObject({ message: "a whole answer", status: "complete", attempt: 2 });
    expect(events.map(({ type }) => type)).toEqual([EventType.ChatResponse]);
    expect(ada.seen(EventType.ChatResponse)).toHaveLength(1);
  });
});

describe("an instance that is killed while it dispatches", () => {
  it("CLUSTER-15 its dispatches continue at the other instances, and its agents keep what they had in flight", async () => {
    // Longer than it takes an agent to come back, on any machine.
    const env = { ...(await sharedEnv()), AGENT_LEASE_MS: "20000", AGENT_HEARTBEAT_INTERVAL_MS: "500" };
    const [a] = await startInstances(env, ["A"]);
    const program = new Program({ ...env, JWT_SECRET: testSecret });
    const url = await program.url();
    const stays = await startAgent(a, "stays", { beatMs: 100 });
    const moves = await startAgentProcess({ script }, { url, agentId: "moves", sub: "user-of-moves" });
    const post = async (agentId: string) => {
      const response = await fetch(`${url}/api/dispatches`, {
        method: "POST",
        headers: { authorization: `Bearer ${tokenOf("backend", ["service"])}`, "content-type": "application/json" },
        body: JSON.stringify({ agentId, content: "do it" }),
      });
      return ((await response.json()) as { messageId: string }).messageId;
    };
    const [one, other] = [await post("stays"), await post("moves")];
    await moves.says(`began ${other}`);

    await program.kill();
    await moves.kill();
    const moved = await connectAgent(a, "moves");
    const { resume } = await moved.register({ inFlight: [{ messageId: other, attempt: 1 }] });
    await stays.respond(await stays.nextDispatch());
    await moved.respond({ messageId: resume[0]?.messageId ?? ("" as never), attempt: 1 });

    expect(resume).toEqual([{ messageId: other, attempt: 1 }]);
    expect(await result(a, one)).toMatchObject({ status: "completed", attempt: 1 });
    expect(await result(a, other)).toMatchObject({ status: "completed", attempt: 1 });
  });

  it("CLUSTER-15 one of its agents that does not reconnect is gone after its lease", async () => {
    const env = { ...(await sharedEnv()), ...shortLease };
    const [a] = await startInstances(env, ["A"]);
    const program = new Program({ ...env, JWT_SECRET: testSecret });
    await startAgentProcess({ script }, { url: await program.url(), agentId: "coder" });
    const { messageId } = await dispatch(a, { agentId: "coder" });
    await eventually(async () => (await look(a, messageId)).status === "running", "the acknowledgement");

    await program.kill();
    const lost = await result(a, messageId);
    const gone = async () => (await a.request("GET", "/api/agents/coder", asService)).body.status === "heartbeat_lost";
    await eventually(gone, "the end of the agent");

    expect(lost).toMatchObject({ status: "lost", attempt: 1 });
  });
});
