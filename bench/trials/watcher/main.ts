import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { io, type Socket } from "socket.io-client";
import { tokenOf } from "../../load/dialects.ts";
import { startPeer } from "../../run/peers.ts";
import { ByteCounter } from "./byte-counter.ts";
import { fetchHeaders, Requests, upgradeHeaders } from "./requests.ts";
import { advance, createWork, keepCheckpoint, stream, tasks } from "./work.ts";

// Four tasks of a stream are worked on for five minutes. What does it cost to watch, beside asking for everything every
// half minute? All watchers and the one who polls look at the same work, each through a proxy that counts.

const { values } = parseArgs({ options: { minutes: { type: "string", default: "5" } } });
const seconds = Number(values.minutes) * 60;
const pollEverySeconds = 30;
const advanceEverySeconds = 10;
const checkpointEverySeconds = 60;
/** Nobody begins or ends at the same time: when the last of the tasks is through, in parts of the whole time. */
const throughAfter = [0.35, 0.55, 0.75, 0.95];

interface Watcher {
  what: string;
  counter: ByteCounter;
  /** Bytes until it was subscribed. */
  connecting: number;
  events: number;
  socket: Socket;
}

const progress = { topics: [`stream:${stream}`] };
const changes = {
  topics: [`stream:${stream}`, ...tasks.map(({ id }) => `task:${id}`)],
  types: ["stream.progress", "stream.completed", "stream.blocked", "task.status_changed"],
};
const everything = {
  topics: [`stream:${stream}`, ...tasks.flatMap(({ id }) => [`task:${id}`, `checkpoint:${id}`])],
};

/** A stock client, with the headers that it has in a browser. The latest event tells it how far the stream is. */
async function watch(what: string, port: number, wanted: object, transports: string[]): Promise<Watcher> {
  const counter = await ByteCounter.start(port);
  const socket = io(`${counter.url}/monitoring`, {
    forceNew: true,
    transports,
    auth: { token: tokenOf("grace", ["monitor"]) },
    transportOptions: {
      polling: { extraHeaders: fetchHeaders(counter.url) },
      websocket: { extraHeaders: upgradeHeaders(counter.url) },
    },
  });
  const watcher: Watcher = { what, counter, connecting: 0, events: 0, socket };
  socket.onAny((name: string) => {
    if (!name.startsWith("system.")) watcher.events++;
  });
  const established = new Promise((resolve, reject) => {
    socket.once("system.connection.established", resolve);
    socket.once("connect_error", reject);
  });
  await established;
  const reply = await socket.emitWithAck("subscribe", { id: "board", limit: 1, ...wanted });
  if (!reply.ok) throw new Error(JSON.stringify(reply));
  // Until the better of the transports is there.
  while (socket.io.engine.transport.name !== "websocket") await pause(50);
  await pause(500);
  watcher.connecting = counter.total;
  return watcher;
}

/** What a board that polls asks for: streams, their tasks, the checkpoints of each, and who is at work. */
async function poll(requests: Requests): Promise<void> {
  const [list] = await Promise.all([
    requests.get<{ items: { id: string }[] }>(`/api/tasks?streamId=${stream}`),
    requests.get("/api/streams"),
    requests.get("/api/agents"),
  ]);
  await Promise.all(list.items.map(({ id }) => requests.get(`/api/tasks/${id}/checkpoints`)));
}

async function openAgents(port: number): Promise<Socket[]> {
  const agents = tasks.map(({ agent }) => {
    const token = tokenOf(agent, ["agent"]);
    return io(`http://127.0.0.1:${port}/agents`, { forceNew: true, transports: ["websocket"], auth: { token } });
  });
  for (const [index, socket] of agents.entries()) {
    const metadata = { model: "large-4", host: `worker-${index}.example.com`, version: "2026.11.2" };
    await socket.emitWithAck("register", { agentId: tasks[index]?.agent, capabilities: ["release"], metadata });
  }
  const beat = setInterval(() => {
    for (const [index, socket] of agents.entries()) socket.emit("heartbeat", { agentId: tasks[index]?.agent });
  }, 10_000);
  agents[0]?.once("disconnect", () => clearInterval(beat));
  return agents;
}

const peer = await startPeer("signalbox over Redis, alone");
const { port } = peer.publish;
const backend = new Requests(`http://127.0.0.1:${port}`, tokenOf("backend", ["service"]));
const agents = await openAgents(port);
await createWork(backend);

const watchers = [
  await watch("the stream", port, progress, ["websocket"]),
  await watch("the stream, polling transport first", port, progress, ["polling", "websocket"]),
  await watch("the stream, and the status of each task", port, changes, ["websocket"]),
  await watch("every event of stream, tasks, checkpoints", port, everything, ["websocket"]),
];
const counter = await ByteCounter.start(port);
const poller = new Requests(counter.url, tokenOf("grace", ["monitor"]), fetchHeaders(counter.url));

let [polls, firstPoll] = [0, 0];
const startedAt = performance.now();
for (let second = 0; second <= seconds; second++) {
  await pause(Math.max(0, startedAt + second * 1_000 - performance.now()));
  if (second % pollEverySeconds === 0 && second < seconds) {
    await poll(poller);
    polls++;
    firstPoll ||= counter.total;
  }
  for (const [index, work] of tasks.entries()) {
    const through = seconds * (throughAfter[index] ?? 1);
    const step = second + 2 * index;
    const before = Math.floor((100 * (second - advanceEverySeconds)) / through);
    if (step % advanceEverySeconds !== 0 || before >= 100) continue;
    const percent = Math.min(100, Math.floor((100 * second) / through));
    await advance(backend, work, percent);
    if (step % checkpointEverySeconds === 0 && percent < 100) await keepCheckpoint(backend, work, percent);
  }
}
await pause(500);

const polled = counter.total;
const kb = (bytes: number) => (bytes / 1_000).toFixed(1);
const less = (bytes: number, than: number) => `${(100 * (1 - bytes / than)).toFixed(1)} %`;
console.log(`${new Date().toISOString()}, ${seconds / 60} minutes, ${polls} polls: ${kb(polled)} KB`);
console.log(`  of which the first ${kb(firstPoll)} KB; sent ${kb(counter.sent)}, received ${kb(counter.received)}\n`);
console.log(
  "| | events | connecting, KB | afterwards, KB | in all, KB | less than polling | without connecting, and the first poll |",
);
console.log("|---|---:|---:|---:|---:|---:|---:|");
for (const { what, counter: watched, connecting, events } of watchers) {
  const after = watched.total - connecting;
  const cells = [what, events, kb(connecting), kb(after), kb(watched.total), less(watched.total, polled)];
  console.log(`| ${[...cells, less(after, polled - firstPoll)].join(" | ")} |`);
}

for (const socket of [...agents, ...watchers.map((watcher) => watcher.socket)]) socket.disconnect();
for (const each of [counter, ...watchers.map((watcher) => watcher.counter)]) each.close();
poller.close();
backend.close();
await peer.stop();
