import cluster, { type Worker } from "node:cluster";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setupMaster } from "@socket.io/sticky";
import type { Logger } from "../observe/logger.ts";
import { passMetricsOn } from "./worker-metrics.ts";

export interface WorkersOptions {
  count: number;
  port: number;
  host: string;
  /** Connections that may wait to be accepted. */
  backlog: number;
  /** Environment of the workers in addition to that of this process. */
  env: Record<string, string>;
  logger: Logger;
}

export interface Workers {
  port: number;
  /** Passes the signal on to every worker. Resolves with 0 if all of them stopped cleanly. */
  stop(signal: NodeJS.Signals): Promise<number>;
}

/** The shortest interval at which an ended worker is started again, for one that cannot start. */
const restartMs = 1_000;

const ready = "signalbox:ready";

/** To be called in a worker, which then receives connections. */
export function tellReady(): void {
  process.send?.(ready);
}

/**
 * Runs several processes behind one port. This process only distributes connections: a polling client's requests to the
 * worker that has its session, all others to the worker with the fewest. Listens when all workers are ready, and rejects
 * when one ends before.
 */
export async function startWorkers({ count, port, host, backlog, env, logger }: WorkersOptions): Promise<Workers> {
  let stopping = false;
  const running = new Set<Worker>();

  const passOn = passMetricsOn(() => running);
  const fork = () => {
    const worker = cluster.fork(env);
    logger.info("worker started", { worker: worker.id, pid: worker.process.pid });
    running.add(worker);
    passOn(worker);
    // Connections are distributed among these workers, and would be lost on one that is not ready.
    delete cluster.workers?.[worker.id];
    worker.on("message", (message) => {
      if (message === ready && cluster.workers) cluster.workers[worker.id] = worker;
    });
    return worker;
  };
  cluster.on("exit", (worker, code, signal) => {
    running.delete(worker);
    if (stopping) return;
    logger.error("worker ended", { worker: worker.id, code, signal });
    setTimeout(() => stopping || fork(), restartMs);
  });
  const stop = async (signal: NodeJS.Signals) => {
    stopping = true;
    const codes = [...running].map((worker) => new Promise<number>((resolve) => worker.once("exit", resolve)));
    for (const worker of running) worker.process.kill(signal);
    return Math.max(0, ...(await Promise.all(codes)).map((code) => code ?? 1));
  };

  // Chunks of connections are binary, which the default serialization turns into text.
  cluster.setupPrimary({ serialization: "advanced" });
  const listener = createServer();
  setupMaster(listener, { loadBalancingMethod: "least-connection" });
  try {
    await Promise.all(Array.from({ length: count }, () => isReady(fork())));
    await new Promise<void>((resolve, reject) => {
      listener.once("error", reject);
      listener.listen({ port, host, backlog }, resolve);
    });
  } catch (error) {
    await stop("SIGTERM");
    throw error;
  }

  return {
    port: (listener.address() as AddressInfo).port,
    async stop(signal) {
      const worst = await stop(signal);
      listener.close();
      listener.closeAllConnections();
      return worst;
    },
  };
}

/** Rejects if the worker ends first. */
async function isReady(worker: Worker): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    worker.on("message", (message) => message === ready && resolve());
    worker.once("exit", () => reject(new WorkerFailed()));
  });
}

/** The worker itself has logged the reason. */
export class WorkerFailed extends Error {
  override name = "WorkerFailed";
  override message = "A worker could not start.";
}
