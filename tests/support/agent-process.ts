import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach } from "@jest/globals";
import { tokenOf } from "./tokens.ts";
import { within } from "./within.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const opened: AgentProcess[] = [];
afterEach(async () => {
  for (const agent of opened.splice(0)) await agent.kill();
});

/** An agent in a process of its own, which a test can kill. */
class AgentProcess {
  output = "";
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  #heard: () => void = () => {};

  constructor(program: string, args: readonly string[], environment: Record<string, string>) {
    this.#process = spawn(program, [...args], {
      cwd: root,
      env: { PATH: process.env.PATH, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
        this.#heard();
      });
    }
    this.#ended = new Promise((resolve) => this.#process.once("close", () => resolve()));
    opened.push(this);
  }

  /** Waits until the output has it. */
  async says(text: string): Promise<void> {
    const heard = new Promise<void>((resolve) => {
      this.#heard = () => this.output.includes(text) && resolve();
      this.#heard();
    });
    await within(heard, () => `${text} in the output:\n${this.output}`);
  }

  /** At once, as by `kill -9`. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#ended;
  }
}

/** A program of this project that is an agent, connected and registered. */
export async function startAgentProcess(
  { program = process.execPath, script, args = [] }: { program?: string; script: string; args?: readonly string[] },
  { url, agentId, sub = `user-of-${agentId}` }: { url: string; agentId: string; sub?: string },
): Promise<AgentProcess> {
  const environment = { SIGNALBOX_URL: url, SIGNALBOX_TOKEN: tokenOf(sub, ["agent"]), AGENT_ID: agentId };
  const agent = new AgentProcess(program, [script, ...args], environment);
  await agent.says("registered");
  return agent;
}
