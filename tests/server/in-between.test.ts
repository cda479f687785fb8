import { once } from "node:events";
import { request } from "node:http";
import { describe, expect, it } from "@jest/globals";
import { startServer } from "../support/server.ts";
import { tokenOf } from "../support/tokens.ts";

/** What a client gets that offers another protocol along with an ordinary request. */
async function offering(url: string, method: string, protocol: string, body?: string) {
  const headers = {
    Authorization: `Bearer ${tokenOf("ada")}`,
    Connection: "Upgrade, HTTP2-Settings",
    Upgrade: protocol,
    "HTTP2-Settings": "AAMAAABkAAQAoAAAAAIAAAAA",
    ...(body !== undefined && { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) }),
  };
  const asked = request(url, { method, headers });
  asked.end(body);
  const [response] = await once(asked, "response");
  let text = "";
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode as number, text };
}

describe("proxies and caches between client and server", () => {
  it("HTTP-7 an offer of h2c is declined: the request is answered in HTTP/1.1, and its body read", async () => {
    const server = await startServer({ store: "memory" });

    const health = await offering(`${server.url}/healthz`, "GET", "h2c");
    const created = await offering(`${server.url}/api/conversations`, "POST", "h2c", '{"id":"42"}');

    expect(health).toEqual({ status: 200, text: '{"status":"ok"}' });
    expect(created).toMatchObject({ status: 201, text: expect.stringContaining('"42"') });
  });

  it("HTTP-8 no cache stores responses about users or about the current state", async () => {
    const server = await startServer({ store: "memory" });
    const paths = ["/healthz", "/readyz", "/api/conversations", "/api/tasks", "/api/asyncapi.json", "/api/nothing"];

    const answers = await Promise.all(paths.map((path) => server.request("GET", path)));

    for (const { headers } of answers) {
      expect(headers.get("cache-control")).toContain("no-store");
      expect(headers.get("vary")).toContain("Authorization");
      expect(headers.get("vary")).toContain("Cookie");
    }
  });

  it.each(["/ws", "/ws/agent-bridge"])(
    "HTTP-9 %s without an upgrade is answered 426 and says what is missing",
    async (path) => {
      const server = await startServer({ store: "memory" });

      const { status, headers, body } = await server.request("GET", `${path}?token=x`);

      expect([status, headers.get("upgrade")]).toEqual([426, "websocket"]);
      expect(body.detail).toContain("proxy");
    },
  );
});
