import { spawn } from "node:child_process";
import { once } from "node:events";

interface Readiness {
  /** What it says when it is ready. */
  says?: string;
  /** Or how one sees it. */
  isReady?(): Promise<boolean>;
}

const lookEveryMs = 100;

/** Starts a program of the project in a process of its own, and waits until it is ready. */
export async function startProgram(script: string[], environment: Record<string, string>, readiness: Readiness) {
  // A group of its own, so that Ctrl-C reaches it in its turn and not at once.
  const child = spawn(process.execPath, script, {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  const ended = once(child, "close");
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });

  const isReady = readiness.isReady ?? (async () => output.includes(readiness.says ?? ""));
  while (!(await isReady())) {
    if (child.exitCode !== null) throw new Error(`${script[0]} has ended:\n${output}`);
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
  return {
    /** What it has said so far. */
    output: () => output,
    async stop() {
      if (child.exitCode === null) child.kill("SIGINT");
      await ended;
    },
  };
}
