import type { Api } from "./api.ts";
import { sleep } from "./sleep.ts";

const folders = ["server", "shared", "client-sdk", "dashboard", "tests", "docs", "bench", "demo"];
const stepMs = 1_200;

let runs = 0;

/** Runs a batch of tasks one after the other; one of them is blocked for a while. */
export async function runBatch(api: Api, signal: AbortSignal): Promise<void> {
  runs += 1;
  const streamId = `index-${runs}`;
  await api.post("/api/streams", { id: streamId, name: `Index, run ${runs}` });
  const tasks = folders.map((folder) => ({ id: `${streamId}-${folder}`, streamId, title: `Read ${folder}` }));
  for (const task of tasks) await api.post("/api/tasks", task);

  for (const [index, { id }] of tasks.entries()) {
    if (signal.aborted) return;
    if (index === runs % tasks.length) {
      await api.patch(`/api/tasks/${id}`, { status: "blocked", blockedReason: "Another run holds the lock" });
      await sleep(stepMs * 2, signal);
    }
    await api.patch(`/api/tasks/${id}`, { status: "in_progress" });
    await sleep(stepMs, signal);
    await api.patch(`/api/tasks/${id}`, { status: "completed" });
  }
}
