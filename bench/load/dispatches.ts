import { Agent as HttpAgent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { dialects, tokenOf } from "./dialects.ts";
import { clientFrame } from "./frames.ts";
import { Histogram } from "./histogram.ts";
import { RawClient } from "./raw-client.ts";

export interface DispatchesLoad {
  publishPort: number;
  agents: number;
  /** Dispatches per second. */
  rate: number;
  warmupSeconds: number;
  seconds: number;
}

type Measuring = (on: boolean) => Promise<void>;

/** Agents that answer at once: what is measured is the way there and back, from the request to the waiter's answer. */
export async function dispatches(load: DispatchesLoad, measuring: Measuring) {
  const { publishPort, agents, rate, warmupSeconds, seconds } = load;
  const connected = await Promise.all(
    Array.from({ length: agents }, (_, index) => startAgent(publishPort, `agent-${index}`)),
  );
  const call = caller(publishPort);
  const latency = new Histogram();
  let missing = 0;

  const one = async (id: string) => {
    const sentAt = performance.now();
    await call("POST", "/api/dispatches", { id, capability: "nothing", content: "nothing" });
    const { status } = await call("GET", `/api/dispatches/${id}?wait=20`);
    if (status === "completed") latency.add(performance.now() - sentAt);
    else missing++;
  };
  const during = async (name: string, forSeconds: number) => {
    const startedAt = performance.now();
    const all: Promise<void>[] = [];
    for (let index = 0; index < rate * forSeconds; index++) {
      const wait = startedAt + (index * 1_000) / rate - performance.now();
      if (wait > 1) await pause(wait);
      all.push(one(`${name}-${index}`));
    }
    await Promise.all(all);
  };

  await during("warm-up", warmupSeconds);
  latency.clear();
  await measuring(true);
  await during("measured", seconds);
  await measuring(false);
  for (const agent of connected) agent.close();
  return { ...latency.summary, dispatches: rate * seconds, missing };
}

/** Accepts each dispatch, and is done with it. */
async function startAgent(port: number, agentId: string): Promise<RawClient> {
  const { path } = dialects.signalbox;
  const agent = await RawClient.open(port, { path, namespace: "/agents" }, { token: tokenOf(agentId, ["agent"]) });
  await agent.request("register", { agentId, capabilities: ["nothing"], concurrency: 100 });
  agent.onText = (text) => {
    const [, acknowledgement, message] = /^42\/agents,(\d+)\["dispatch",(.*)\]$/s.exec(text) ?? [];
    if (acknowledgement === undefined || message === undefined) return;
    const { messageId, attempt } = JSON.parse(message) as { messageId: string; attempt: number };
    const accepted = clientFrame(`43/agents,${acknowledgement}[{"accepted":true}]`);
    agent.write(Buffer.concat([accepted, agent.frameOf("response", { messageId, attempt, content: "nothing" })]));
  };
  return agent;
}

function caller(port: number) {
  const agent = new HttpAgent({ keepAlive: true, maxSockets: 256 });
  const authorization = `Bearer ${tokenOf("backend", ["service"])}`;
  return (method: string, path: string, body?: object) =>
    new Promise<{ status: string }>((resolve, reject) => {
      const headers = { authorization, "content-type": "application/json" };
      const sent = request({ host: "127.0.0.1", port, method, path, agent, headers }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (piece: string) => {
          text += piece;
        });
        response.on("end", () => resolve(JSON.parse(text) as { status: string }));
      });
      sent.on("error", reject);
      sent.end(body && JSON.stringify(body));
    });
}
