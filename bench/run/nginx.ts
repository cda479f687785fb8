import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { nginxConf } from "./nginx-conf.ts";

/** Where the configuration is that people are given. */
const folder = resolve("deploy/nginx");

interface NginxOptions {
  /** Its path. */
  program: string;
  port: number;
  /** Of the instances. */
  instances: readonly number[];
}

/** nginx as deploy/nginx sets it up, but for the ports, and without TLS. */
export class Nginx {
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor({ program, port, instances }: NginxOptions) {
    this.url = `http://127.0.0.1:${port}`;
    this.#folder = mkdtempSync(join(tmpdir(), "signalbox-nginx-"));
    const file = join(this.#folder, "nginx.conf");
    writeFileSync(file, nginxConf({ workers: 2, http: siteAt(port, instances) }));
    this.#process = spawn(program, ["-p", this.#folder, "-c", file, "-e", "stderr"], {
      stdio: ["ignore", "ignore", "inherit"],
    });
  }

  /** Resolves when it listens. */
  static async start(options: NginxOptions): Promise<Nginx> {
    const nginx = new Nginx(options);
    while (!(await nginx.#answers())) {
      if (nginx.#process.exitCode !== null) throw new Error("nginx has ended; what it said is above.");
    }
    return nginx;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.kill("SIGTERM")) await once(this.#process, "exit");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #answers(): Promise<boolean> {
    try {
      await (await fetch(`${this.url}/healthz`)).arrayBuffer();
      return true;
    } catch {
      return false;
    }
  }
}

/** The site as it is given away, at these ports. */
function siteAt(port: number, instances: readonly number[]): string {
  const servers = instances.map((instance) => `server 127.0.0.1:${instance} max_fails=0;`);
  const site = readFileSync(join(folder, "signalbox.conf"), "utf8");
  const changes: [RegExp | string, string][] = [
    [/(?:server 127\.0\.0\.1:\d+ max_fails=0;\s*)+/, `${servers.join("\n    ")}\n    `],
    ["listen 443 ssl http2;", `listen 127.0.0.1:${port} backlog=4096;`],
    [/^\s*ssl_.*$/gm, ""],
    ["include signalbox-proxy.conf;", `include ${join(folder, "signalbox-proxy.conf")};`],
    // The way from plain HTTP.
    [/server \{\s*listen 80;[^}]*\}/, ""],
  ];
  return changes.reduce((text, [from, to]) => {
    const replaced = text.replace(from, to);
    if (replaced === text) throw new Error(`deploy/nginx/signalbox.conf has no ${String(from)}`);
    return replaced;
  }, site);
}
