import { describe, expect, it } from "@jest/globals";
import type { AgentRecord } from "../../server/dispatch/agents/agent-record.ts";
import { dispatch, look, result } from "../support/dispatching.ts";
import { openStore } from "../support/stores.ts";
import { connectAgent, startAgent } from "../support/test-agent.ts";
import { eventually } from "../support/within.ts";
import { sharedEnv, startInstances } from "./cluster.ts";

/** Longer than the test. */
const longWindowMs = 600_000;

describe("an instance that drains its agents", () => {
  it("STOP-6 it assigns them nothing new; their dispatches continue, and waiting ones are assigned, where they reconnect", async () => {
    const env = await sharedEnv();
    const [a, b] = await startInstances(env, ["A", "B"]);
    const { documents } = await openStore("redis", { env });
    const coder = await startAgent(a, "coder", { capabilities: ["code"], concurrency: 9 });
    const busy = await startAgent(b, "busy", { capabilities: ["code"], concurrency: 9 });
    const begun = await dispatch(b, { agentId: "coder" });
    const work = await coder.nextDispatch();
    await coder.progress(work);
    await dispatch(b, { agentId: "busy" });
    await dispatch(b, { agentId: "busy" });

    void a.server.drain(longWindowMs);
    const isLeaving = async () => (await documents.get<AgentRecord>("agent", "coder"))?.value.isLeaving === true;
    await eventually(isLeaving, "the agent to be leaving");
    const waits = await dispatch(b, { agentId: "coder" });
    const elsewhere = await dispatch(b, { capability: "code" });
    await busy.inbox.next("dispatch", 3);
    const meanwhile = [await look(b, waits.messageId), await look(b, elsewhere.messageId)];
    await a.server.close();
    const back = await connectAgent(b, "coder");
    const { resume } = await back.register({ concurrency: 9 });
    await back.respond(work);
    await back.respond(await back.nextDispatch());

    expect(coder.dispatches.map(({ messageId }) => messageId)).toEqual([begun.messageId]);
    expect(meanwhile).toMatchObject([{ status: "queued" }, { agentId: "busy" }]);
    expect(resume).toEqual([{ messageId: begun.messageId, attempt: 1 }]);
    expect(await result(b, begun.messageId)).toMatchObject({ status: "completed", attempt: 1 });
    expect(await result(b, waits.messageId)).toMatchObject({ status: "completed", attempt: 1 });
  });
});
