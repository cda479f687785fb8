import { Agent as HttpAgent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { io } from "socket.io-client";
import type { DispatchMessage } from "../../shared/agent-messages.ts";
import { tokenOf } from "./dialects.ts";
import { Histogram } from "./histogram.ts";

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
  const url = `http://127.0.0.1:${publishPort}`;
  const connected = await Promise.all(Array.from({ length: agents }, (_, index) => startAgent(url, `agent-${index}`)));
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
  for (const socket of connected) socket.disconnect();
  return { ...latency.summary, dispatches: rate * seconds, missing };
}

async function startAgent(url: string, agentId: string) {
  const auth = { token: tokenOf(agentId, ["agent"]) };
  const socket = io(`${url}/agents`, { auth, transports: ["websocket"], forceNew: true });
  socket.on("dispatch", ({ messageId, attempt }: DispatchMessage, acknowledge: (answer: object) => void) => {
    acknowledge({ accepted: true });
    socket.emit("response", { messageId, attempt, content: "nothing" });
  });
  await new Promise<void>((resolve) => socket.once("system.connection.established", () => resolve()));
  await socket.emitWithAck("register", { agentId, capabilities: ["nothing"], concurrency: 100 });
  return socket;
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
