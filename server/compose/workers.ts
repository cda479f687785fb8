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
  /** Environment of the workers, beyond that of this process. */
  env: Record<string, string>;
  logger: Logger;
}

export interface Workers {
  port: number;
  /** Lets every worker stop as a process of its own would, on the same signal. Resolves with 0 if all did so in good order. */
  stop(signal: NodeJS.Signals): Promise<number>;
}

/** A worker that ends is started again, but not faster than this: one that cannot start would be started for ever. */
const restartMs = 1_000;

const ready = "signalbox:ready";

/** To be called in a worker: from now on it gets connections. */
export function tellReady(): void {
  process.send?.(ready);
}

/**
 * Several processes behind one port. This one only hands connections on: a polling client's requests to the worker
 * that has its session, all others to the worker with the fewest. Listens when all workers are ready, and rejects when
 * one ends before it is.
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
    // Connections are handed to whoever stands here, and lost on one that cannot take them yet.
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

  // What is handed on is bytes, which the default makes text of.
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

/** Rejects if it ends first. */
async function isReady(worker: Worker): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    worker.on("message", (message) => message === ready && resolve());
    worker.once("exit", () => reject(new WorkerFailed()));
  });
}

/** The worker itself has said why. */
export class WorkerFailed extends Error {
  override name = "WorkerFailed";
  override message = "A worker could not start.";
}
