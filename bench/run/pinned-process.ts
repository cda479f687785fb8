import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

/** Which core a process is bound to. The servers share one, and what loads them has another. */
export type Core = "server" | "load";
const coreOf = { server: "0", load: "1" };

const ticksPerSecond = 100;

/** A process that does not leave its core. */
export class PinnedProcess {
  readonly child: ChildProcess;
  output = "";

  constructor(core: Core, command: readonly string[], environment: Record<string, string> = {}) {
    this.child = spawn("taskset", ["-c", coreOf[core], ...command], {
      env: {
        PATH: process.env.PATH,
        NODE_OPTIONS: process.env.BENCH_NODE_OPTIONS,
        BENCH_PROFILE: process.env.BENCH_PROFILE,
        ...environment,
      },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.output = (this.output + text).slice(-10_000);
        this.child.emit("said");
      });
    }
    this.child.once("exit", () => this.child.emit("said"));
  }

  async says(text: string): Promise<void> {
    while (!this.output.includes(text)) {
      if (this.child.exitCode !== null) throw new Error(`ended before it said ${text}:\n${this.output}`);
      await once(this.child, "said");
    }
  }

  /** Sends a message and resolves with the next one that comes. */
  async ask<Answer>(message: string): Promise<Answer> {
    const answer = once(this.child, "message");
    this.child.send(message);
    const [first] = await answer;
    return first;
  }

  /** Seconds of a core that it has used. */
  get cpuSeconds(): number {
    const fields = readFileSync(`/proc/${this.child.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  }

  get rssKilobytes(): number {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.child.pid}/status`, "utf8"))?.[1]);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await ended;
  }
}
