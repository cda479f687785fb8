import type { Problem } from "../../shared/http/problem.ts";
import type { ReplyError } from "../../shared/reply.ts";
import type { Environment } from "../connection/environment.ts";

/** Result of an HTTP request. `unreachable`: no response, or one that is not from this server. */
export type HttpAnswer = { kind: "ok"; body: unknown } | { kind: "error"; error: ReplyError } | { kind: "unreachable" };

export interface HttpRequests {
  get(path: string, query: Record<string, string | undefined>, signal?: AbortSignal): Promise<HttpAnswer>;
  post(path: string, body: unknown, signal?: AbortSignal): Promise<HttpAnswer>;
  delete(path: string): Promise<HttpAnswer>;
}

interface HttpRequestsOptions {
  url: string;
  /** Without a token the browser sends its cookie. */
  token: string | undefined;
  /** Whether the browser sends and accepts cookies. Default: only without a token. */
  cookies?: boolean;
  environment: Environment;
  /** Timeout beyond the `wait` of a long poll, milliseconds. */
  timeoutMs: number;
}

/** HTTP requests with a token or a cookie. They never reject. */
export function createHttpRequests(options: HttpRequestsOptions): HttpRequests {
  const { url, token, cookies = token === undefined, environment, timeoutMs } = options;
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const credentials = cookies ? { credentials: "include" as const } : {};

  async function request(path: string, init: RequestInit, waitMs: number, signal?: AbortSignal): Promise<HttpAnswer> {
    const controller = new AbortController();
    const abort = () => controller.abort();
    const cancel = environment.after(timeoutMs + waitMs, abort);
    signal?.addEventListener("abort", abort);
    try {
      const headers = { accept: "application/json", ...authorization, ...init.headers };
      const response = await environment.fetch(url + path, {
        ...init,
        ...credentials,
        headers,
        signal: controller.signal,
      });
      const body: unknown = response.status === 204 ? undefined : await response.json();
      if (response.ok) return { kind: "ok", body };
      const error = errorOf(body);
      return error ? { kind: "error", error } : { kind: "unreachable" };
    } catch {
      return { kind: "unreachable" };
    } finally {
      cancel();
      signal?.removeEventListener("abort", abort);
    }
  }

  return {
    get(path, query, signal) {
      const text = new URLSearchParams();
      for (const [name, value] of Object.entries(query)) if (value !== undefined) text.set(name, value);
      return request(`${path}?${text}`, { method: "GET" }, Number(query.wait ?? 0) * 1_000, signal);
    },
    post(path, body, signal) {
      const headers = { "content-type": "application/json" };
      return request(path, { method: "POST", headers, body: JSON.stringify(body) }, 0, signal);
    },
    delete: (path) => request(path, { method: "DELETE" }, 0),
  };
}

/** The error of a problem document. Any other body comes from a proxy. */
function errorOf(body: unknown): ReplyError | undefined {
  if (typeof body !== "object" || body === null || !("code" in body) || !("retryable" in body)) return undefined;
  const { code, detail, retryable, details } = body as Problem;
  return { code, message: detail, retryable, details };
}
