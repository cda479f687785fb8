import { describe, expect, it } from "@jest/globals";
import { stores } from "../support/stores.ts";
import { TaskBoard } from "../support/task-board.ts";
import { startAgent } from "../support/test-agent.ts";
import { eventually } from "../support/within.ts";
import { connectSdk } from "./sdk-client.ts";

describe.each(stores)("lists of the client (%s)", (store) => {
  it("SDK-29 they contain tasks, streams, checkpoints and agents, and a position to continue from", async () => {
    const board = await TaskBoard.start(store);
    await board.stream("s1", 2);
    await board.ok("POST", "/tasks/t1/checkpoints", { checkpointId: "c1", label: "half way" });
    await startAgent(board.server, "coder", { capabilities: ["code"] });
    const client = await connectSdk(board.server, "mona", { namespaces: ["/monitoring"], roles: ["monitor"] });

    const tasks = await client.monitoring.tasks({ streamId: "s1" });
    const streams = await client.monitoring.streams();
    const checkpoints = await client.monitoring.checkpoints("t1");
    const agents = await client.monitoring.agents();
    const later: string[] = [];
    client.monitoring.subscribe("task:*", { after: agents.position }, ({ room }) => later.push(room));
    await board.set("t2", "completed");
    await eventually(() => later.includes("task:t2"), "what happened after the list");

    expect(tasks.items.map(({ id }) => id).sort()).toEqual(["t1", "t2"]);
    expect(streams.items).toMatchObject([{ id: "s1", progress: { totalTasks: 2 } }]);
    expect(checkpoints.items).toMatchObject([{ checkpointId: "c1", label: "half way" }]);
    expect(agents.items).toMatchObject([{ agentId: "coder", inFlight: [], verdict: { state: "connected" } }]);
    expect(later).not.toContain("task:t1");
    await expect(client.monitoring.checkpoints("none")).rejects.toMatchObject({ code: "not_found" });
  });
});
