import type { Problem } from "../../shared/http/problem.ts";
import type { ReplyError } from "../../shared/reply.ts";
import type { Environment } from "../connection/environment.ts";

/** What an HTTP request came to. `unreachable`: there was no answer that makes sense. */
export type HttpAnswer = { kind: "ok"; body: unknown } | { kind: "error"; error: ReplyError } | { kind: "unreachable" };

export interface HttpRequests {
  get(path: string, query: Record<string, string | undefined>, signal?: AbortSignal): Promise<HttpAnswer>;
  post(path: string, body: unknown, signal?: AbortSignal): Promise<HttpAnswer>;
  delete(path: string): Promise<HttpAnswer>;
}

export interface HttpRequestsOptions {
  url: string;
  /** Without one the browser's cookie stands for it. */
  token: string | undefined;
  /** Whether the browser sends its cookies, and takes new ones. Default: when there is no token. */
  cookies?: boolean;
  environment: Environment;
  /** How long an answer may take beyond what it was asked to wait, milliseconds. */
  timeoutMs: number;
}

/** Requests with a token or a cookie. Never rejects. */
export function createHttpRequests(options: HttpRequestsOptions): HttpRequests {
  const { url, token, cookies = token === undefined, environment, timeoutMs } = options;
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const credentials = cookies ? { credentials: "include" as const } : {};

  async function request(path: string, init: RequestInit, waitMs: number, signal?: AbortSignal): Promise<HttpAnswer> {
    const late = new AbortController();
    const cancel = environment.after(timeoutMs + waitMs, () => late.abort());
    const abort = () => late.abort();
    signal?.addEventListener("abort", abort);
    try {
      const headers = { accept: "application/json", ...authorization, ...init.headers };
      const response = await environment.fetch(url + path, { ...init, ...credentials, headers, signal: late.signal });
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

/** The problem document that every refusal of the server is; anything else is of something on the way. */
function errorOf(body: unknown): ReplyError | undefined {
  if (typeof body !== "object" || body === null || !("code" in body) || !("retryable" in body)) return undefined;
  const { code, detail, retryable, details } = body as Problem;
  return { code, message: detail, retryable, details };
}
