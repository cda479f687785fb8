import { once } from "node:events";
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";

const types: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

/** A web server for a folder, and for texts that come from a program. */
export class StaticSite {
  readonly #server: Server;

  private constructor(folder: string, texts: Record<string, string>) {
    this.#server = createServer(({ url = "/" }, response) => {
      const path = url === "/" ? "/index.html" : url;
      const file = join(folder, path);
      const text = texts[path] ?? (existsSync(file) && statSync(file).isFile() ? readFileSync(file) : undefined);
      response.writeHead(text === undefined ? 404 : 200, { "content-type": types[extname(path)] ?? "text/plain" });
      response.end(text);
    });
  }

  static async start(folder: string, texts: Record<string, string> = {}): Promise<StaticSite> {
    const site = new StaticSite(folder, texts);
    site.#server.listen(0, "127.0.0.1");
    await once(site.#server, "listening");
    return site;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
