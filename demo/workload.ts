import { Dispatch } from "../shared/entities/dispatch.ts";
import { DispatchCreated } from "../shared/http/dispatches.ts";
import type { Api } from "./api.ts";
import { runBatch } from "./batch-run.ts";
import type { DemoConversation } from "./conversation.ts";
import { sleep } from "./sleep.ts";

/** Questions of the sample users, in turn. */
const questions = ["createPublisher", "mark_read", "heartbeat", "defineEvent", "useConversation", "sequencer"];
const pauseMs = 12_000;
const tickMs = 1_000;

/** Endless activity: questions to the agents, batches of tasks, and health reports. */
export function runWorkload(api: Api, conversation: DemoConversation): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  let asked = 0;
  conversation.onQuestion((words) => void answer(api, conversation, words, ++asked).catch(logError(signal)));

  const parts = [
    repeat(signal, pauseMs, async () => {
      const words = questions[asked % questions.length] ?? "";
      await conversation.say(asked % 2 === 0 ? "ada" : "bob", `search ${words}`);
    }),
    repeat(signal, pauseMs, () => runBatch(api, signal)),
    repeat(signal, tickMs, () => report(api)),
  ];
  return {
    async stop() {
      stopping.abort();
      await Promise.all(parts);
    },
  };
}

/** One agent searches, the other reviews the results; both write into the conversation. */
async function answer(
  api: Api,
  { conversationId: sessionId }: DemoConversation,
  words: string,
  number: number,
): Promise<void> {
  const streamId = `question-${number}`;
  const [search, review] = [`${streamId}-search`, `${streamId}-review`];
  await api.post("/api/streams", { id: streamId, name: `Question ${number}: ${words}` });
  await api.post("/api/tasks", { id: search, streamId, title: `Search for ${words}` });
  const blockedReason = "Waiting for the search results";
  await api.post("/api/tasks", { id: review, streamId, title: "Review", status: "blocked", blockedReason });

  await api.post(`/api/tasks/${search}/checkpoints`, { label: "Search words", state: { words } });
  const found = await dispatch(api, { capability: "search", content: words, sessionId, taskId: search });
  await api.patch(`/api/tasks/${review}`, { status: "pending" });
  const content = (found.outcome?.content ?? "no results").slice(0, 20_000);
  await dispatch(api, { capability: "review", content, sessionId, taskId: review });
}

async function dispatch(api: Api, work: object): Promise<Dispatch> {
  const asked = { ...work, queue: true, timeoutMs: 60_000, maxAttempts: 2 };
  const { messageId } = DispatchCreated.parse(await api.post("/api/dispatches", asked));
  return Dispatch.parse(await api.get(`/api/dispatches/${messageId}?wait=55`));
}

let ticks = 0;

/** Reports health and performance, and from time to time an alert. */
async function report(api: Api): Promise<void> {
  ticks += 1;
  const loadMs = 20 + 15 * Math.sin(ticks / 10) + 5 * Math.random();
  const isSlow = ticks % 45 > 40;
  const events: object[] = [
    { room: "health", type: "performance_update", data: { component: "index", metrics: { latencyMs: loadMs } } },
    { room: "health", type: "health_update", data: { component: "index", status: isSlow ? "degraded" : "ok" } },
    { room: "health", type: "health_update", data: { component: "search", status: "ok" } },
  ];
  if (ticks % 45 === 41) {
    const data = { alertId: `slow-${ticks}`, severity: "warning", title: "The index is slow", details: { loadMs } };
    events.push({ room: "alerts", type: "alert_created", data });
  }
  await api.post("/api/events", events);
}

async function repeat(signal: AbortSignal, everyMs: number, act: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await act().catch(logError(signal));
    await sleep(everyMs, signal);
  }
}

const logError = (signal: AbortSignal) => (error: unknown) => {
  if (!signal.aborted) console.error(error instanceof Error ? error.message : error);
};
