/**
 * An agent that does real work without a network: it searches the text files of its working directory for the words in
 * a dispatch and reports each step. It needs the URL of the server and a token of the role `agent`:
 *
 *   SIGNALBOX_URL=http://localhost:8000 SIGNALBOX_TOKEN=… AGENT_ID=searcher node client-sdk/examples/search-agent.js [folder]
 *
 * It handles a lost connection (it reconnects, reports its running work and delivers the result then), cancellation,
 * and duplicate deliveries.
 */
import { resolve } from "node:path";
import { io } from "socket.io-client";
import { indexFolder, search } from "./search-files.js";

const {
  SIGNALBOX_URL: url = "http://localhost:8000",
  SIGNALBOX_TOKEN: token,
  AGENT_ID: agentId = "searcher",
} = process.env;
const folder = resolve(process.argv[2] ?? ".");
const agentName = "Search agent";
const maxMatches = 1_000;
const matchesPerDelta = 20;

/** Running work by message id, kept until the server has accepted the result. */
const working = new Map();

const socket = io(`${url}/agents`, { auth: { token }, transports: ["websocket"] });
let heartbeat;

socket.on("connect", async () => {
  const inFlight = [...working.values()].map(({ messageId, attempt }) => ({ messageId, attempt }));
  const capabilities = ["search", "text"];
  const registered = await command("register", { agentId, capabilities, workdir: folder, concurrency: 4, inFlight });
  if (!registered.ok) {
    console.error(`not registered: ${registered.error.message}`);
    return socket.disconnect();
  }
  console.log(`registered as ${agentId} for ${folder}`);
  for (const messageId of registered.data.cancel) stop(messageId);
  clearInterval(heartbeat);
  heartbeat = setInterval(beat, registered.data.heartbeatIntervalMs);
});

socket.on("connect_error", ({ message }) => console.error(`not connected: ${message}`));
socket.on("disconnect", () => clearInterval(heartbeat));
socket.on("cancel", ({ messageId }) => stop(messageId));
socket.on("dispatch", (dispatch, acknowledge) => {
  acknowledge({ accepted: true });
  const known = working.get(dispatch.messageId);
  // Delivered again because the acknowledgement was lost.
  if (known?.attempt === dispatch.attempt) return;
  known?.abort.abort();
  const work = { messageId: dispatch.messageId, attempt: dispatch.attempt, abort: new AbortController() };
  working.set(work.messageId, work);
  void carryOut(work, dispatch.content);
});

async function carryOut(work, words) {
  const { messageId, attempt, abort } = work;
  const startedAt = performance.now();
  let outcome;
  try {
    await publishActivity("agent_started", {
      agentName,
      activity: `search for ${words}`.slice(0, 4_000),
      details: { folder },
      messageId,
    });
    outcome = await find(work, words);
  } catch (error) {
    outcome = { error: String(error?.message ?? error).slice(0, 4_000) };
  }
  if (!abort.signal.aborted) {
    const details = { milliseconds: Math.round(performance.now() - startedAt), failed: outcome.error !== undefined };
    await publishActivity("agent_completed", { agentName, activity: "search", details, messageId });
    await insist("response", { messageId, attempt, ...outcome }, abort.signal);
  }
  if (working.get(messageId) === work) working.delete(messageId);
}

async function find(work, words) {
  const { signal } = work.abort;
  const index = await timed("index", { folder }, () =>
    indexFolder(folder, {
      signal,
      progress: (read) => report(work, { status: "indexing", progressText: `${read} files read` }),
    }),
  );
  await report(work, { status: "searching", progressText: `${index.files.length} files`, percent: 50 });
  const found = [];
  await timed("search", { words: words.slice(0, 1_000) }, async () => {
    let lines = [];
    for (const { path, line, text } of search(index, words)) {
      signal.throwIfAborted();
      found.push(`${path}:${line}: ${text}`);
      lines.push(found.at(-1));
      if (lines.length < matchesPerDelta && found.length < maxMatches) continue;
      await report(work, { status: "searching", delta: `${lines.join("\n")}\n` });
      lines = [];
      if (found.length >= maxMatches) break;
    }
    if (lines.length > 0) await report(work, { status: "searching", delta: `${lines.join("\n")}\n` });
  });
  const summary = `${found.length} ${found.length === 1 ? "line" : "lines"} in ${index.files.length} files`;
  const content = [...found, summary].join("\n");
  return { content, usage: { files: index.files.length, bytes: index.bytes, matches: found.length } };
}

/** Reports the use of a tool and its duration. */
async function timed(tool, details, run) {
  const startedAt = performance.now();
  let ok = false;
  try {
    const result = await run();
    ok = true;
    return result;
  } finally {
    const durationMs = Math.round(performance.now() - startedAt);
    await publishActivity("tool_executed", { agentName, tool, durationMs, ok, details });
  }
}

async function report({ messageId, attempt, abort }, progress) {
  const reply = await insist("progress", { messageId, attempt, ...progress }, abort.signal);
  if (reply?.ok && reply.data.cancel) stop(messageId);
  abort.signal.throwIfAborted();
}

async function publishActivity(type, data) {
  // Tool reports are for display only; do not wait for them.
  if (socket.connected) await command("activity", { type, data });
}

async function beat() {
  const dispatches = [...working.values()].map(({ messageId, attempt }) => ({ messageId, attempt }));
  const reply = await command("heartbeat", { agentId, dispatches });
  if (reply.ok) for (const messageId of reply.data.cancel) stop(messageId);
}

function stop(messageId) {
  working.get(messageId)?.abort.abort();
  working.delete(messageId);
}

/** Sends a command until there is a final reply, across reconnects. */
async function insist(name, payload, signal) {
  for (;;) {
    if (signal.aborted) return undefined;
    const reply = await command(name, payload);
    // Until a new connection has registered, other commands are rejected as a conflict.
    if (reply.ok || (!reply.error.retryable && reply.error.code !== "conflict")) return reply;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function command(name, payload) {
  try {
    return await socket.timeout(5_000).emitWithAck(name, payload);
  } catch (error) {
    return { ok: false, error: { code: "timeout", message: error.message, retryable: true } };
  }
}

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    socket.disconnect();
    process.exit(0);
  });
}
