import { Agent, request } from "node:http";

const everywhere = {
  "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
  "Accept-Encoding": "gzip, deflate, br, zstd",
  "Accept-Language": "en-GB,en;q=0.9",
};

/** What Chromium sends along with a request of a page to its own server, beside what the library sends anyway. */
export function fetchHeaders(origin: string): Record<string, string> {
  return {
    ...everywhere,
    "sec-ch-ua-platform": '"Linux"',
    "sec-ch-ua": '"Chromium";v="142", "Not_A Brand";v="99"',
    "sec-ch-ua-mobile": "?0",
    "Sec-Fetch-Site": "same-origin",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Dest": "empty",
    Referer: `${origin}/`,
  };
}

/** The same for the upgrade to a WebSocket. */
export function upgradeHeaders(origin: string): Record<string, string> {
  return { ...everywhere, Origin: origin, Pragma: "no-cache", "Cache-Control": "no-cache" };
}

/** Requests by connections that are kept, as a browser keeps them. */
export class Requests {
  readonly #url: string;
  readonly #headers: Record<string, string>;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 6 });

  constructor(url: string, token: string, headers: Record<string, string> = {}) {
    this.#url = url;
    this.#headers = { Authorization: `Bearer ${token}`, Accept: "application/json", ...headers };
  }

  get<Answer>(path: string): Promise<Answer> {
    return this.#ask("GET", path);
  }

  post(path: string, body: unknown): Promise<unknown> {
    return this.#ask("POST", path, body);
  }

  patch(path: string, body: unknown): Promise<unknown> {
    return this.#ask("PATCH", path, body);
  }

  close(): void {
    this.#agent.destroy();
  }

  #ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = { ...this.#headers, ...(body !== undefined && { "Content-Type": "application/json" }) };
      const asked = request(this.#url + path, { method, headers, agent: this.#agent }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        response.once("end", () => {
          if ((response.statusCode ?? 500) < 300) resolve(JSON.parse(text));
          else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
        });
      });
      asked.once("error", reject);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
