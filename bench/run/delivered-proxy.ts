import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Ports {
  /** Where the proxy listens. */
  fronts: readonly number[];
  /** Where it listens with TLS, and the file with key and certificate. */
  tls?: { port: number; certificate: string } | undefined;
  instances: readonly number[];
}

/** What differs between proxies: how a configuration of deploy/ is tried on this machine. */
export interface ProxyKind {
  name: string;
  /** The configuration for these ports, with all files of the proxy in the folder. */
  configuration(ports: Ports, folder: string): string;
  /** Arguments with which it runs in the foreground. */
  args(file: string, folder: string): string[];
  /** Has the running proxy read its configuration again: a signal, or arguments of another call of the program. */
  reload: NodeJS.Signals | ((file: string, folder: string) => string[]);
  /** Beside this process's own. */
  env?(folder: string): Record<string, string>;
}

interface DeliveredProxyOptions extends Omit<Ports, "fronts"> {
  /** The path of the proxy. */
  program: string;
  port: number;
}

/** A proxy as deploy/ sets it up, but for the ports. */
export class DeliveredProxy {
  readonly url: string;
  readonly #kind: ProxyKind;
  readonly #options: DeliveredProxyOptions;
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #file: string;
  #said = "";

  private constructor(kind: ProxyKind, options: DeliveredProxyOptions) {
    this.#kind = kind;
    this.#options = options;
    this.url = urlOf(options.port);
    this.#folder = mkdtempSync(join(tmpdir(), `signalbox-${kind.name}-`));
    this.#file = join(this.#folder, "configuration");
    this.#configure([options.port]);
    this.#process = spawn(options.program, kind.args(this.#file, this.#folder), {
      stdio: ["ignore", "ignore", "pipe"],
      env: this.#env,
    });
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#said += text;
    });
  }

  /** Resolves when it listens. */
  static async start(kind: ProxyKind, options: DeliveredProxyOptions): Promise<DeliveredProxy> {
    const proxy = new DeliveredProxy(kind, options);
    await proxy.#answersAt(options.port);
    return proxy;
  }

  /** Reads a configuration that has one more port to listen on, and resolves when that is served. */
  async reload(port: number): Promise<void> {
    this.#configure([this.#options.port, port]);
    const { reload } = this.#kind;
    if (typeof reload === "string") this.#process.kill(reload);
    else await run(this.#options.program, reload(this.#file, this.#folder), { env: this.#env });
    await this.#answersAt(port);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.kill("SIGTERM")) await once(this.#process, "exit");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #env(): NodeJS.ProcessEnv {
    return { ...process.env, ...this.#kind.env?.(this.#folder) };
  }

  #configure(fronts: readonly number[]): void {
    const { instances, tls } = this.#options;
    writeFileSync(this.#file, this.#kind.configuration({ fronts, tls, instances }, this.#folder));
  }

  async #answersAt(port: number): Promise<void> {
    for (;;) {
      if (await answers(urlOf(port))) return;
      if (this.#process.exitCode !== null) throw new Error(`${this.#kind.name} has ended, and said:\n${this.#said}`);
    }
  }
}

const urlOf = (port: number) => `http://127.0.0.1:${port}`;

async function answers(url: string): Promise<boolean> {
  try {
    await (await fetch(`${url}/healthz`)).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

/** The path of a file or folder that people are given. */
export const delivered = (path: string) => resolve("deploy", path);

/** A file that people are given, with changes that must each find something to change. */
export function changed(path: string, changes: readonly [from: RegExp | string, to: string][]): string {
  return changes.reduce(
    (text, [from, to]) => {
      const replaced = text.replace(from, to);
      if (replaced === text) throw new Error(`deploy/${path} has no ${String(from)}`);
      return replaced;
    },
    readFileSync(delivered(path), "utf8"),
  );
}
