import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { startAgentProcess } from "../support/agent-process.ts";
import { asService, dispatch, eventsOf, result, startWithStore } from "../support/dispatching.ts";
import { findProgram, installationMs } from "../support/programs.ts";
import { startServer } from "../support/server.ts";

const searchAgent = "client-sdk/examples/search-agent.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-files-"));
  await writeFile(join(folder, "a.txt"), "first\nthe needle is here\nlast\n");
  await cp("server/dispatch", join(folder, "b"), { recursive: true });
  await writeFile(join(folder, "binary"), Buffer.from([110, 0, 101]));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("the example agents", () => {
  it("EXAMPLE-1 the search agent finds lines in its folder, and shows its progress in the conversation", async () => {
    const { server, store } = await startWithStore("memory");
    const [ada] = await server.conversation("42", "ada");
    await startAgentProcess({ script: searchAgent, args: [folder] }, { url: server.url, agentId: "searcher" });

    const needle = await dispatch(server, { capability: "search", content: "NEEDLE", sessionId: "42" });
    const found = await result(server, needle.messageId);
    const end = await ada.one(EventType.ChatResponse);
    const nothing = await dispatch(server, { agentId: "searcher", content: "no such words anywhere" });
    const none = await result(server, nothing.messageId);

    expect(found).toMatchObject({ status: "completed" });
    expect(found.outcome?.content).toMatch(/^a\.txt:2: the needle is here\n1 line in \d+ files$/);
    expect(found.outcome?.usage).toMatchObject({ matches: 1 });
    expect(ada.seen(EventType.ChatResponseDelta).map(({ data }) => data.delta)).toEqual([
      "a.txt:2: the needle is here\n",
    ]);
    expect(end.data.message).toBe(found.outcome?.content);
    expect(none.outcome?.content).toMatch(/^0 lines in \d+ files$/);
    const tools = await eventsOf(store, EventType.ToolExecuted);
    expect(tools.map(({ data }) => [data.tool, data.ok])).toEqual([
      ["index", true],
      ["search", true],
      ["index", true],
      ["search", true],
    ]);
    const started = await eventsOf(store, EventType.AgentStarted);
    expect(started.map(({ data }) => data.messageId)).toEqual([needle.messageId, nothing.messageId]);
  });

  it(
    "EXAMPLE-2 twenty lines of Python make an agent",
    async () => {
      const program = await findProgram("python3");
      const server = await startServer();
      const url = server.url.replace("http", "ws");
      const script = "client-sdk/examples/bridge_agent.py";
      await startAgentProcess({ program, script }, { url, agentId: "counter" });

      const { messageId } = await dispatch(server, { capability: "count", content: "one two three" });
      const counted = await result(server, messageId);
      const { body } = await server.request("GET", "/api/agents/counter", asService);

      expect(counted).toMatchObject({ status: "completed", outcome: { content: "3", usage: { words: 3 } } });
      expect(body).toMatchObject({ status: "connected", inFlight: [] });
    },
    installationMs,
  );
});
