import type { Worker } from "node:cluster";
import { randomUUID } from "node:crypto";
import type { Collected } from "../observe/instruments.ts";
import type { GatherMetrics } from "../observe/metrics.ts";
import { withTimeout } from "../runtime/with-timeout.ts";

/**
 * Any worker answers a request for metrics with those of all workers:
 *
 *   worker ─ asks ─► primary ─ asks ─► every worker ─ tells ─► primary ─ tells all ─► worker
 */
type Message =
  | { signalbox: "metrics: all, please" | "metrics: yours, please"; id: string }
  | { signalbox: "metrics: mine"; id: string; collected: Collected }
  | { signalbox: "metrics: all"; id: string; collected: Collected[] };

/** A worker that does not answer within this time is left out. */
const answerMs = 1_000;

/** In the primary process: collects the metrics of all workers for the worker that asks. */
export function passMetricsOn(workers: () => Iterable<Worker>): (worker: Worker) => void {
  const asked = new Map<string, (collected: Collected) => void>();

  const askAll = async (asking: Worker, id: string) => {
    const all = [...workers()];
    const collected: Collected[] = [];
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, answerMs);
      asked.set(id, (own) => {
        if (collected.push(own) < all.length) return;
        clearTimeout(late);
        resolve();
      });
      for (const worker of all) send(worker, { signalbox: "metrics: yours, please", id });
    });
    asked.delete(id);
    send(asking, { signalbox: "metrics: all", id, collected });
  };

  return (worker) => {
    worker.on("message", (message: unknown) => {
      if (!isOurs(message)) return;
      if (message.signalbox === "metrics: all, please") void askAll(worker, message.id);
      if (message.signalbox === "metrics: mine") asked.get(message.id)?.(message.collected);
    });
  };
}

function send(worker: Worker, message: Message): void {
  if (worker.isConnected()) worker.send(message);
}

/** In a worker. */
export const gatherFromWorkers: GatherMetrics = (collect) => {
  const waiting = new Map<string, (collected: Collected[]) => void>();
  const send = (message: Message) => process.send?.(message);
  process.on("message", (message: unknown) => {
    if (!isOurs(message)) return;
    const { signalbox, id } = message;
    if (signalbox === "metrics: all") waiting.get(id)?.(message.collected);
    if (signalbox !== "metrics: yours, please") return;
    void collect().then((collected) => send({ signalbox: "metrics: mine", id, collected }));
  });

  return async () => {
    const id = randomUUID();
    try {
      const all = new Promise<Collected[]>((resolve) => {
        waiting.set(id, resolve);
        send({ signalbox: "metrics: all, please", id });
      });
      // The primary has ended or is overloaded.
      return await withTimeout(all, 2 * answerMs, "The other workers' metrics did not come.");
    } finally {
      waiting.delete(id);
    }
  };
};

function isOurs(message: unknown): message is Message {
  if (typeof message !== "object" || message === null || !("signalbox" in message)) return false;
  return typeof message.signalbox === "string" && message.signalbox.startsWith("metrics: ");
}
