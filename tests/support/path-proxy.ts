import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nginxConf } from "../../bench/run/nginx-conf.ts";
import { freePort } from "./free-port.ts";
import { findProgram } from "./programs.ts";

interface PathProxyOptions {
  /** Base URL of the server. */
  target: string;
  /** `/rt`. */
  path: string;
  /** Whether requests reach the server without the path. */
  removesPath: boolean;
  /** The header in which the server gets the host of the site. Default: `Host`. */
  hostHeader?: "Host" | "X-Forwarded-Host" | "none";
}

/** nginx with a site of its own, and a server below a path of it. */
export class PathProxy {
  readonly origin: string;
  /** Base URL of the server, as seen from outside. */
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(
    program: string,
    port: number,
    { target, path, removesPath, hostHeader = "Host" }: PathProxyOptions,
  ) {
    this.origin = `http://127.0.0.1:${port}`;
    this.url = this.origin + path;
    this.#folder = mkdtempSync(join(tmpdir(), "signalbox-path-proxy-"));
    const site = `
    map $http_upgrade $connection_of { default upgrade; '' ''; }
    server {
        listen 127.0.0.1:${port};
        location / { return 200 'another application'; }
        location ${path}/ {
            proxy_pass ${target.replace("localhost", "127.0.0.1")}${removesPath ? "/" : ""};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_of;
            ${hostHeader === "none" ? "" : `proxy_set_header ${hostHeader} $http_host;`}
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_buffering off;
        }
    }`;
    const file = join(this.#folder, "nginx.conf");
    writeFileSync(file, nginxConf({ workers: 1, http: site }));
    this.#process = spawn(program, ["-p", this.#folder, "-c", file, "-e", "stderr"], {
      stdio: ["ignore", "ignore", "inherit"],
    });
  }

  /** Resolves when it listens. */
  static async start(options: PathProxyOptions): Promise<PathProxy> {
    const proxy = new PathProxy(await findProgram("nginx"), await freePort(), options);
    while (!(await proxy.#isListening())) {
      if (proxy.#process.exitCode !== null) throw new Error("nginx has exited; its output is above.");
    }
    return proxy;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.kill("SIGTERM")) await once(this.#process, "exit");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #isListening(): Promise<boolean> {
    return fetch(this.origin).then(
      async (response) => (await response.text()) !== "",
      () => false,
    );
  }
}
