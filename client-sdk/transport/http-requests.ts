import type { Problem } from "../../shared/http/problem.ts";
import type { ReplyError } from "../../shared/reply.ts";
import type { Environment } from "../connection/environment.ts";

/** What an HTTP request came to. `unreachable`: there was no answer that makes sense. */
export type HttpAnswer = { kind: "ok"; body: unknown } | { kind: "error"; error: ReplyError } | { kind: "unreachable" };

export interface HttpRequests {
  get(path: string, query: Record<string, string | undefined>, signal?: AbortSignal): Promise<HttpAnswer>;
  post(path: string, body: unknown, signal?: AbortSignal): Promise<HttpAnswer>;
}

export interface HttpRequestsOptions {
  url: string;
  token: string;
  environment: Environment;
  /** How long an answer may take beyond what it was asked to wait, milliseconds. */
  timeoutMs: number;
}

/** Requests with a token. Never rejects. */
export function createHttpRequests({ url, token, environment, timeoutMs }: HttpRequestsOptions): HttpRequests {
  async function request(path: string, init: RequestInit, waitMs: number, signal?: AbortSignal): Promise<HttpAnswer> {
    const late = new AbortController();
    const cancel = environment.after(timeoutMs + waitMs, () => late.abort());
    const abort = () => late.abort();
    signal?.addEventListener("abort", abort);
    try {
      const headers = { accept: "application/json", authorization: `Bearer ${token}`, ...init.headers };
      const response = await environment.fetch(url + path, { ...init, headers, signal: late.signal });
      const body: unknown = await response.json();
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
  };
}

/** The problem document that every refusal of the server is; anything else is of something on the way. */
function errorOf(body: unknown): ReplyError | undefined {
  if (typeof body !== "object" || body === null || !("code" in body) || !("retryable" in body)) return undefined;
  const { code, detail, retryable, details } = body as Problem;
  return { code, message: detail, retryable, details };
}
