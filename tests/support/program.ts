import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach } from "@jest/globals";
import { within } from "./within.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const opened: Program[] = [];
afterEach(async () => {
  for (const program of opened.splice(0)) await program.kill();
});

/** The built program in a process of its own, in an empty folder, with the environment that is given and no other. */
export class Program {
  output = "";
  /** The code that the process ended with, or the signal. */
  readonly ended: Promise<number | NodeJS.Signals>;
  readonly #process: ChildProcess;
  readonly #folder = mkdtempSync(join(tmpdir(), "signalbox-test-"));
  #heard: () => void = () => {};

  constructor(environment: Record<string, string> = {}, nodeArguments: readonly string[] = []) {
    this.#process = spawn(process.execPath, [...nodeArguments, join(root, "dist/server/main.js")], {
      cwd: this.#folder,
      env: { PATH: process.env.PATH, PORT: "0", ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
        this.#heard();
      });
    }
    // `close`, and not `exit`: then everything that was written has been read.
    this.ended = new Promise((resolve) => {
      this.#process.once("close", (code, signal) => {
        rmSync(this.#folder, { recursive: true, force: true });
        resolve(code ?? signal ?? "SIGKILL");
      });
    });
    opened.push(this);
  }

  /** Waits until the output matches, and resolves with the first group. */
  async says(pattern: RegExp): Promise<string> {
    const found = () => pattern.exec(this.output);
    const heard = new Promise<void>((resolve) => {
      this.#heard = () => found() && resolve();
      this.#heard();
    });
    const ended = this.ended.then((how) => {
      if (!found()) throw new Error(`The program ended with ${how} and said:\n${this.output}`);
    });
    await within(Promise.race([heard, ended]), () => `${pattern} in the output:\n${this.output}`);
    return found()?.[1] ?? "";
  }

  /** Waits until it listens, and resolves with its URL. */
  url(): Promise<string> {
    return this.says(/(http:\/\/[\w.]+:\d+)/);
  }

  /** The reader of its log goes away, like `head` after its lines. */
  closeOutput(): void {
    this.#process.stdout?.destroy();
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** How it ended, by itself. */
  end(): Promise<number | NodeJS.Signals> {
    return within(this.ended, () => `the end of the program, which said:\n${this.output}`);
  }

  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.ended;
  }
}
