/** HTTP client of a backend. */
export interface Api {
  /** Resolves with the response body; rejects with the server's error. */
  post(path: string, body: unknown): Promise<unknown>;
  patch(path: string, body: unknown): Promise<unknown>;
  get(path: string): Promise<unknown>;
}

export function createApi(url: string, token: string): Api {
  async function request(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
    return answer;
  }

  return {
    post: (path, body) => request("POST", path, body),
    patch: (path, body) => request("PATCH", path, body),
    get: (path) => request("GET", path),
  };
}
