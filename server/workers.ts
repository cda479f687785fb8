import cluster, { type Worker } from "node:cluster";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setupMaster } from "@socket.io/sticky";
import type { Logger } from "./observe/logger.ts";

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

/**
 * Several processes behind one port. This one only hands connections on: a polling client's requests to the worker
 * that has its session, all others to the worker with the fewest.
 */
export async function startWorkers({ count, port, host, backlog, env, logger }: WorkersOptions): Promise<Workers> {
  let stopping = false;
  const fork = () => {
    cluster.fork(env);
  };
  cluster.on("exit", (worker, code, signal) => {
    if (stopping) return;
    logger.error("worker ended", { worker: worker.id, code, signal });
    setTimeout(() => stopping || fork(), restartMs);
  });

  // What is handed on is bytes, which the default makes text of.
  cluster.setupPrimary({ serialization: "advanced" });
  const listener = createServer();
  setupMaster(listener, { loadBalancingMethod: "least-connection" });
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen({ port, host, backlog }, resolve);
  });
  for (let i = 0; i < count; i++) fork();

  return {
    port: (listener.address() as AddressInfo).port,
    async stop(signal) {
      stopping = true;
      const workers = Object.values(cluster.workers ?? {}).filter((worker): worker is Worker => worker !== undefined);
      const codes = workers.map((worker) => new Promise<number>((resolve) => worker.once("exit", resolve)));
      for (const worker of workers) worker.process.kill(signal);
      const worst = Math.max(0, ...(await Promise.all(codes)).map((code) => code ?? 1));
      listener.close();
      listener.closeAllConnections();
      return worst;
    },
  };
}
