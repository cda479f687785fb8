import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "@jest/globals";
import { freePort } from "./free-port.ts";
import { findProgram } from "./programs.ts";
import { eventually } from "./within.ts";

const opened: Caddy[] = [];
afterEach(() => {
  for (const caddy of opened.splice(0)) caddy.close();
});

/** Caddy in front of a server, with compression. */
export class Caddy {
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #folder = mkdtempSync(join(tmpdir(), "signalbox-caddy-"));

  private constructor(path: string, port: number, serverUrl: string) {
    this.url = `http://127.0.0.1:${port}`;
    const file = join(this.#folder, "Caddyfile");
    writeFileSync(file, `{\n\tadmin off\n}\n:${port} {\n\tencode gzip\n\treverse_proxy ${serverUrl}\n}\n`);
    this.#process = spawn(path, ["run", "--config", file, "--adapter", "caddyfile"], {
      env: { HOME: this.#folder },
      stdio: "ignore",
    });
    opened.push(this);
  }

  static async start(serverUrl: string): Promise<Caddy> {
    const caddy = new Caddy(await findProgram("caddy"), await freePort(), serverUrl);
    const answers = () =>
      fetch(`${caddy.url}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      );
    await eventually(answers, "Caddy");
    return caddy;
  }

  close(): void {
    this.#process.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
