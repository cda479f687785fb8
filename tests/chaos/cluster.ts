import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RedisServer } from "../support/redis-server.ts";
import { testSecret } from "../support/tokens.ts";
import { NetworkProxy } from "./network-proxy.ts";
import { pause } from "./roamer.ts";
import { WallClock } from "./wall-clock.ts";

/** As it was built along with this program. */
const program = fileURLToPath(new URL("../../server/main.js", import.meta.url));

/** How long an instance may take to stop: its drain window, and what follows. */
const stopTimeoutMs = 30_000;

interface InstanceOptions {
  name: string;
  folder: string;
  redisPort: number;
  environment: Record<string, string>;
  /** Default: the machine's. */
  clock: WallClock | undefined;
  violated(what: string): void;
}

/** One process of the server, started again when it ends, as a platform does. */
export class Instance {
  readonly name: string;
  readonly port: number;
  readonly proxy: NetworkProxy;
  /** A fault is happening to it. */
  busy = false;
  /** Starts that failed, since Redis was out of reach. */
  failedStarts = 0;
  readonly #options: InstanceOptions;
  readonly #output: WriteStream;
  #process: ChildProcess | undefined;
  #closed = false;
  #expected: "nothing" | "killed" | "stopped" = "nothing";
  #hasListened = false;

  private constructor(options: InstanceOptions, port: number, proxy: NetworkProxy) {
    this.name = options.name;
    this.port = port;
    this.proxy = proxy;
    this.#options = options;
    this.#output = createWriteStream(join(options.folder, `${options.name}.log`));
  }

  static async create(options: InstanceOptions): Promise<Instance> {
    return new Instance(options, await freePort(), await NetworkProxy.start(options.redisPort));
  }

  start(): void {
    if (this.#closed || (this.#process && isRunning(this.#process))) return;
    this.#expected = "nothing";
    this.#hasListened = false;
    const child = spawn(process.execPath, [program], {
      cwd: this.#options.folder,
      env: {
        PATH: process.env.PATH,
        PORT: String(this.port),
        HOST: "127.0.0.1",
        REDIS_URL: `redis://127.0.0.1:${this.proxy.port}`,
        JWT_SECRET: testSecret,
        LOG_FORMAT: "json",
        DASHBOARD_ENABLED: "false",
        ...this.#options.environment,
        ...this.#options.clock?.environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    this.#output.write(`--- ${new Date().toISOString()} started as ${child.pid}\n`);
    let tail = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output.write(text);
        tail = (tail + text).slice(-2_000);
        this.#hasListened ||= text.includes('"listening"');
        if (/"level":"error"|command failed|uncaught error: stopping/.test(text)) {
          this.#options.violated(`${this.name} logged an error: ${text.trim().slice(0, 600)}`);
        }
      });
    }
    child.once("close", (code, signal) => this.#ended(code, signal, tail));
  }

  /** SIGKILL; it starts again after so long. */
  async kill(downMs: number): Promise<void> {
    await this.#end("killed", "SIGKILL");
    await pause(downMs);
    this.start();
  }

  /** SIGTERM, as for a deploy. */
  async replace(): Promise<void> {
    const child = this.#process;
    await Promise.race([this.#end("stopped", "SIGTERM"), pause(stopTimeoutMs)]);
    if (child && isRunning(child)) {
      this.#options.violated(`${this.name} did not stop within ${stopTimeoutMs} ms`);
      await this.#end("killed", "SIGKILL");
    }
    this.start();
  }

  async freeze(ms: number): Promise<void> {
    const child = this.#process;
    child?.kill("SIGSTOP");
    await pause(ms);
    child?.kill("SIGCONT");
  }

  /** Its wall clock is so many seconds wrong for so long. Does nothing where the clock cannot be set. */
  async setClock(seconds: number, ms: number): Promise<void> {
    this.#options.clock?.step(seconds);
    await pause(ms);
    this.#options.clock?.step(0);
  }

  async isReady(): Promise<boolean> {
    try {
      const answer = await fetch(`http://127.0.0.1:${this.port}/readyz`, { signal: AbortSignal.timeout(1_000) });
      return answer.status === 200;
    } catch {
      return false;
    }
  }

  /** At once, for when this process is about to end. */
  destroy(): void {
    this.#closed = true;
    this.#expected = "killed";
    this.#process?.kill("SIGKILL");
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#end("killed", "SIGKILL");
    await this.proxy.close();
    this.#output.end();
  }

  async #end(how: "killed" | "stopped", signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (!child || !isRunning(child)) return;
    this.#expected = how;
    const ended = once(child, "close");
    child.kill(signal);
    await ended;
  }

  #ended(code: number | null, signal: string | null, tail: string): void {
    this.#output.write(`--- ${new Date().toISOString()} ended with ${code ?? signal}\n`);
    if (this.#closed || this.#expected === "killed") return;
    if (this.#expected === "stopped") {
      // A process that was told to stop before it listens for the signal ends by it.
      if (code !== 0 && this.#hasListened)
        this.#options.violated(`${this.name} stopped with ${code ?? signal}: ${tail}`);
      return;
    }
    if (this.#hasListened) this.#options.violated(`${this.name} ended by itself with ${code ?? signal}: ${tail}`);
    else this.failedStarts++;
    setTimeout(() => this.#expected === "nothing" && this.start(), 500);
  }
}

const isRunning = ({ exitCode, signalCode }: ChildProcess) => exitCode === null && signalCode === null;

interface ClusterOptions {
  instances: number;
  folder: string;
  environment: Record<string, string>;
  /** Whether each instance has a wall clock of its own, which is wrong from the start and can be set. */
  hasClocks: boolean;
  violated(what: string): void;
}

/** Redis, and instances of the server, each with a network of its own to it. */
export class Cluster {
  readonly redis: RedisServer;
  readonly instances: readonly Instance[];
  redisBusy = false;

  private constructor(redis: RedisServer, instances: readonly Instance[]) {
    this.redis = redis;
    this.instances = instances;
  }

  static async start({ instances: count, folder, environment, hasClocks, violated }: ClusterOptions): Promise<Cluster> {
    // Every write is on disk before it is answered: what a killed Redis had accepted it has again.
    const redis = await RedisServer.start(["--appendonly", "yes", "--appendfsync", "always"]);
    const clocks = hasClocks ? await WallClock.forInstances(count, folder) : [];
    const common = { folder, redisPort: redis.port, environment, violated };
    const instances: Instance[] = [];
    for (let i = 0; i < count; i++) {
      instances.push(await Instance.create({ ...common, name: `instance-${i + 1}`, clock: clocks[i] }));
    }
    for (const instance of instances) instance.start();
    return new Cluster(redis, instances);
  }

  get ports(): number[] {
    return this.instances.map(({ port }) => port);
  }

  async areReady(): Promise<boolean> {
    const ready = await Promise.all(this.instances.map((instance) => instance.isReady()));
    return ready.every(Boolean);
  }

  destroy(): void {
    for (const instance of this.instances) instance.destroy();
    void this.redis.kill();
  }

  async close(): Promise<void> {
    await Promise.all(this.instances.map((instance) => instance.close()));
    await this.redis.close();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
