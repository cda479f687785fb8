import { spawn } from "node:child_process";
import { once } from "node:events";

interface Readiness {
  /** Output that means that it is ready. */
  output?: string;
  /** Or a check. */
  isReady?(): Promise<boolean>;
}

const pollIntervalMs = 100;

/** Starts a Node program and waits until it is ready. */
export async function startProcess(script: string[], environment: Record<string, string>, readiness: Readiness) {
  // A process group of its own: Ctrl-C must not reach it before the parts that depend on it have stopped.
  const child = spawn(process.execPath, script, {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  const closed = once(child, "close");
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });

  const isReady = readiness.isReady ?? (async () => output.includes(readiness.output ?? ""));
  while (!(await isReady())) {
    if (child.exitCode !== null) throw new Error(`${script[0]} has exited:\n${output}`);
    await new Promise((resolve) => setTimeout(resolve, pollIntervalMs));
  }
  return {
    /** Its output so far. */
    output: () => output,
    async stop() {
      if (child.exitCode === null) child.kill("SIGINT");
      await closed;
    },
  };
}
