import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RedisClient } from "redis";
import { freePort } from "./free-port.ts";
import { findProgram } from "./programs.ts";
import { eventually } from "./within.ts";

/** One class for all connections, which the library's own function makes anew each time. */
const createClient = RedisClient.factory();

/** A real Redis of a test's own, to be killed, stopped and restarted at will. */
export class RedisServer {
  readonly port: number;
  readonly #program: string;
  readonly #directory: string;
  readonly #args: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(program: string, directory: string, port: number, args: readonly string[]) {
    this.#program = program;
    this.#directory = directory;
    this.port = port;
    this.#args = args;
  }

  /** Keeps nothing on disk, unless `args` say otherwise. */
  static async start(args: readonly string[] = []): Promise<RedisServer> {
    const program = await findProgram("redis-server");
    const directory = await mkdtemp(join(tmpdir(), "redis-"));
    const server = new RedisServer(program, directory, await freePort(), args);
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it after `kill`. */
  async restart(): Promise<void> {
    const args = ["--port", String(this.port), "--bind", "127.0.0.1", "--dir", this.#directory, "--save", ""];
    const process = spawn(this.#program, [...args, ...this.#args], { stdio: ["ignore", "pipe", "ignore"] });
    this.#process = process;
    let said = "";
    process.stdout.setEncoding("utf8").on("data", (text) => (said += text));
    const isUp = async () => {
      if (process.exitCode !== null) throw new Error(`Redis ended with ${process.exitCode} and said:\n${said}`);
      return this.#answers();
    };
    await eventually(isUp, "Redis to answer");
  }

  async kill(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    if (!process || process.exitCode !== null) return;
    process.kill("SIGKILL");
    await once(process, "exit");
  }

  /** Hangs it, as a machine that swaps does. */
  pause(): void {
    this.#process?.kill("SIGSTOP");
  }

  resume(): void {
    this.#process?.kill("SIGCONT");
  }

  /** Sends one command from outside. */
  async command(...command: string[]): Promise<unknown> {
    const client = createClient({ url: this.url });
    client.on("error", () => {});
    await client.connect();
    try {
      return await client.sendCommand(command);
    } finally {
      client.destroy();
    }
  }

  async close(): Promise<void> {
    this.resume();
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #answers(): Promise<boolean> {
    const client = createClient({ url: this.url, socket: { reconnectStrategy: false } });
    client.on("error", () => {});
    try {
      await client.connect();
      await client.ping();
      return true;
    } catch {
      return false;
    } finally {
      if (client.isOpen) client.destroy();
    }
  }
}
