import { afterEach, describe, expect, it } from "@jest/globals";
import { type Agent, type AgentOptions, createAgent, type Work, type WorkTools } from "../../client-sdk/agent/index.ts";
import type { Envelope } from "../../shared/envelope.ts";
import { EventType } from "../../shared/event-type.ts";
import { defined } from "../support/defined.ts";
import { dispatch, look, result } from "../support/dispatching.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { storeEnv } from "../support/stores.ts";
import { tokenOf } from "../support/tokens.ts";
import { eventually, within } from "../support/within.ts";

const opened: Agent[] = [];
afterEach(async () => {
  for (const agent of opened.splice(0)) await agent.stop({ graceMs: 0 });
});

type Options = Partial<AgentOptions> & Pick<AgentOptions, "onDispatch">;

async function startAgent(server: Pick<TestServer, "url">, agentId: string, options: Options): Promise<Agent> {
  const agent = createAgent({
    url: server.url,
    token: tokenOf(agentId, ["agent"]),
    agentId,
    capabilities: ["code"],
    logger: { level: "silent" },
    backoff: { baseMs: 20, maxMs: 100 },
    ...options,
  });
  opened.push(agent);
  await within(agent.start(), `the registration of ${agentId}`);
  return agent;
}

/** Work that goes on until the test says how it ends. */
function workOnDemand() {
  const begun: { work: Work; tools: WorkTools; end: (content: string) => void }[] = [];
  const onDispatch = (work: Work, tools: WorkTools) =>
    new Promise<string>((resolve) => begun.push({ work, tools, end: resolve }));
  const next = async (index = 0) => {
    await eventually(() => begun.length > index, "the work");
    return defined(begun[index], "work");
  };
  return { begun, onDispatch, next };
}

describe("an agent of the SDK", () => {
  it("SDK-20 it carries out its dispatches and reports its progress, in the conversation too", async () => {
    const server = await startServer();
    const [ada] = await server.conversation("42", "ada");
    await startAgent(server, "coder", {
      onDispatch: async ({ content, context }, { progress, delta, tool }) => {
        progress("thinking", { percent: 10, text: "about it" });
        for (const word of content.split(" ")) delta(`${word.toUpperCase()} `);
        tool("search", { ok: true, durationMs: 5 });
        return { usage: { tokens: Number(context.tokens) } };
      },
    });

    const { messageId } = await dispatch(server, {
      capability: "code",
      content: "once upon a time",
      context: { tokens: 4 },
      sessionId: "42",
    });
    const end = await ada.one(EventType.ChatResponse);

    expect(end.data).toMatchObject({ responseId: messageId, message: "ONCE UPON A TIME ", usage: { tokens: 4 } });
    expect(await result(server, messageId)).toMatchObject({ status: "completed", attempt: 1 });
    const deltas = ada.inbox.of<Envelope<EventType.ChatResponseDelta>>(EventType.ChatResponseDelta);
    expect(deltas.map(({ data }) => data.delta).join("")).toBe("ONCE UPON A TIME ");
  });

  it.each([
    ["text", "x".repeat(1_048_577)],
    ["bytes", "é".repeat(700_000)],
  ])("SDK-20 a result with too many %s is a failure, and the agent stays connected", async (_what, long) => {
    const server = await startServer();
    const agent = await startAgent(server, "coder", {
      onDispatch: ({ content }) =>
        content === "long" ? long : { content: "x".repeat(1_048_576), usage: { tokens: 1 } },
    });
    const changes: string[] = [];
    agent.on("statechange", ({ newState }) => changes.push(newState));

    const tooLong = await dispatch(server, { agentId: "coder", content: "long" });
    const refused = await result(server, tooLong.messageId);
    const { messageId } = await dispatch(server, { agentId: "coder", content: "short" });

    expect(refused).toMatchObject({
      status: "failed",
      attempt: 1,
      outcome: { error: "The result is larger than 1 MiB." },
    });
    expect((await result(server, messageId)).outcome?.content).toHaveLength(1_048_576);
    expect(changes).toEqual([]);
  });

  it("SDK-20 an error that its handler throws fails the dispatch", async () => {
    const server = await startServer();
    await startAgent(server, "coder", {
      onDispatch: () => {
        throw new Error("it cannot be done");
      },
    });

    const { messageId } = await dispatch(server, { agentId: "coder" });

    expect(await result(server, messageId)).toMatchObject({
      status: "failed",
      outcome: { error: "it cannot be done" },
    });
  });

  it("SDK-22 a cancelled dispatch is aborted, and the agent is free for other work", async () => {
    const server = await startServer();
    const work = workOnDemand();
    const agent = await startAgent(server, "coder", { onDispatch: work.onDispatch });
    const { messageId } = await dispatch(server, { agentId: "coder" });
    const { tools } = await work.next();

    await server.request("DELETE", `/api/dispatches/${messageId}`, { as: "backend", roles: ["service"] });
    await eventually(() => tools.signal.aborted, "the abortion");
    const second = await dispatch(server, { agentId: "coder" });
    (await work.next(1)).end("second");

    expect(await result(server, second.messageId)).toMatchObject({ status: "completed" });
    expect(await look(server, messageId)).toMatchObject({ status: "cancelled" });
    await eventually(() => agent.inFlight.length === 0, "an idle agent");
  });

  it("SDK-22 it works on a limited number of dispatches at once; when it stops it accepts none, and ends those it has begun", async () => {
    const server = await startServer();
    const work = workOnDemand();
    const agent = await startAgent(server, "coder", { onDispatch: work.onDispatch, concurrency: 2 });
    const first = await dispatch(server, { agentId: "coder" });
    const second = await dispatch(server, { agentId: "coder" });
    await work.next(1);

    const inFlight = agent.inFlight.length;
    const stopped = agent.stop();
    for (const { end } of work.begun) end("done");
    await within(stopped, "the end of the agent");

    expect(inFlight).toBe(2);
    expect(await result(server, first.messageId)).toMatchObject({ status: "completed" });
    expect(await result(server, second.messageId)).toMatchObject({ status: "completed" });
    expect(agent.state).toBe("closed");
  });

  it("SDK-21 it continues its work over a reconnect, and completes it once", async () => {
    const env = await storeEnv("redis");
    const server = await startServer({ store: "redis", env });
    const work = workOnDemand();
    const agent = await startAgent(server, "coder", { onDispatch: work.onDispatch });
    const { messageId } = await dispatch(server, { agentId: "coder", maxAttempts: 3 });
    const { end, tools } = await work.next();

    await server.server.close();
    await eventually(() => agent.state === "reconnecting", "the loss");
    end("done while away");
    const again = await startServer({ store: "redis", env: { ...env, PORT: String(server.server.port) } });
    const { status, attempt, outcome } = await result(again, messageId);

    expect({ status, attempt, outcome }).toEqual({
      status: "completed",
      attempt: 1,
      outcome: { content: "done while away" },
    });
    expect(work.begun).toHaveLength(1);
    expect(tools.signal.aborted).toBe(false);
  });

  it("SDK-22 it says why it is refused", async () => {
    const server = await startServer({ store: "memory" });
    await startAgent(server, "coder", { onDispatch: () => "done" });
    const onDispatch = () => "done";

    const nobody = startAgent(server, "other", { onDispatch, token: tokenOf("ada", ["user"]) });
    const impostor = startAgent(server, "coder", { onDispatch, token: tokenOf("eve", ["agent"]) });

    await expect(nobody).rejects.toMatchObject({ code: "forbidden" });
    await expect(impostor).rejects.toMatchObject({ code: "conflict" });
  });
});
