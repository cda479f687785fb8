import { describe, expect, it } from "@jest/globals";
import type { Namespace } from "../../shared/namespace.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { tokenOf } from "../support/tokens.ts";
import { upgrade } from "../support/upgrade.ts";

const store = "memory";
const listed = "https://app.example.com";

/** Whether each door lets a page of the origin in, by the HTTP status of its answer. */
async function answers(server: TestServer, origin: string | undefined, more: Record<string, string> = {}) {
  const headers: Record<string, string> = { ...more, ...(origin === undefined ? {} : { origin }) };
  const [socketIo, plain, polling, http, page] = await Promise.all([
    upgrade(server.url, "/socket.io/?EIO=4&transport=websocket", headers),
    upgrade(server.url, `/ws?token=${tokenOf("ada")}`, headers),
    server.request("GET", "/socket.io/?EIO=4&transport=polling", { as: null, headers }),
    server.request("GET", "/api/conversations", { headers }),
    server.request("GET", "/healthz", { as: null, headers }),
  ]);
  for (const { socket } of [socketIo, plain]) socket?.destroy();
  return {
    "Socket.IO by WebSocket": socketIo.status,
    "Socket.IO by polling": polling.status,
    "/ws": plain.status,
    "/api": http.status,
    "/healthz": page.status,
  };
}

const letIn = {
  "Socket.IO by WebSocket": 101,
  "Socket.IO by polling": 200,
  "/ws": 101,
  "/api": 200,
  "/healthz": 200,
};
const refused = {
  // The engine answers every upgrade that it refuses like this.
  "Socket.IO by WebSocket": 400,
  "Socket.IO by polling": 403,
  "/ws": 403,
  "/api": 403,
  "/healthz": 403,
};

const development = {};
const production = {
  NODE_ENV: "production",
  HOST: "127.0.0.1",
  CORS_ORIGINS: `${listed},http://intranet:8080,tauri://localhost`,
};

describe("origins", () => {
  it.each([
    ["no origin at all", undefined],
    ["a listed origin", listed],
    ["another listed origin", "http://intranet:8080"],
    ["a listed app", "tauri://localhost"],
  ])("CONN-5 %s is admitted at every door in production", async (_what, origin) => {
    const server = await startServer({ store, env: production });

    expect(await answers(server, origin)).toEqual(letIn);
  });

  it.each([
    ["a foreign origin", "https://evil.example"],
    ["a listed name with another port", "https://app.example.com:8443"],
    ["a listed name with another scheme", "http://app.example.com"],
    ["a name that ends like a listed one", "https://evilapp.example.com"],
    ["a name that begins like a listed one", "https://app.example.com.evil.example"],
    ["a subdomain of a listed one", "https://x.app.example.com"],
    ["the same host with another port", "http://localhost:1"],
    ["localhost", "http://localhost:3000"],
    ["a sandboxed page or a file", "null"],
    ["an app that is not listed", "capacitor://localhost"],
    ["no URL", "app.example.com"],
    ["nothing", ""],
  ])("CONN-5 %s is refused at every door in production", async (_what, origin) => {
    const server = await startServer({ store, env: production });

    expect(await answers(server, origin)).toEqual(refused);
  });

  it("CONN-5 the server's own pages are admitted at every door, only with the port that they came from", async () => {
    const server = await startServer({ store, env: production });

    expect(await answers(server, server.url)).toEqual(letIn);
    expect(await answers(server, `http://localhost:${server.server.port + 1}`)).toEqual(refused);
  });

  it("CONN-5 the server's own pages are admitted at every door behind a proxy that names their host", async () => {
    const server = await startServer({ store, env: { ...production, TRUST_PROXY: "1" } });
    const origin = "https://chat.example.com";

    expect(await answers(server, origin, { "x-forwarded-host": "Chat.example.com:443" })).toEqual(letIn);
    expect(await answers(server, origin, { "x-forwarded-host": "chat.example.com.evil.example" })).toEqual(refused);
    expect(
      await answers(await startServer({ store, env: production }), origin, { "x-forwarded-host": "chat.example.com" }),
    ).toEqual(refused);
  });

  it("CONN-5 a refusal says at every door what was compared and which setting to change, and so does one line of the log", async () => {
    const server = await startServer({ store, env: production });
    const { host } = new URL(server.url);
    const headers = { origin: "https://chat.example.com" };

    const http = await server.request("POST", "/api/session", { headers });
    const polling = await server.request("GET", "/socket.io/?EIO=4&transport=polling", { as: null, headers });
    const plain = await upgrade(server.url, `/ws?token=${tokenOf("ada")}`, headers);
    const lines = server.lines.filter((line) => line.includes("origin refused"));

    expect(polling.body.message).toBe(http.body.detail);
    expect(plain.body).toBe(http.body.detail);
    for (const part of ['"https://chat.example.com"', `"${host}"`, "CORS_ORIGINS", "TRUST_PROXY", "Host header"])
      expect(http.body.detail).toContain(part);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ level: "warn", refusal: http.body.detail }]);
  });

  it("HTTP-5 files of the dashboard are served to every page, so that it can explain a refusal, and nothing else is", async () => {
    const server = await startServer({ store, env: production });
    const headers = { origin: "https://chat.example.com" };
    const ask = async (method: string, path: string) => {
      const answer = await server.request(method, path, { as: null, headers });
      return [answer.status, answer.headers.get("access-control-allow-origin")];
    };

    // There is no such file, and the next that is asked would answer.
    expect(await ask("GET", "/assets/none.js")).toEqual([404, null]);
    expect(await ask("HEAD", "/assets/none.js")).toEqual([404, null]);
    expect(await ask("POST", "/assets/none.js")).toEqual([403, null]);
    expect(await ask("GET", "/assets")).toEqual([403, null]);
    expect(await ask("GET", "/")).toEqual([403, null]);
  });

  it.each(["http://localhost:3000", "https://localhost", "http://127.0.0.1:5173", "http://[::1]:8080"])(
    "CONN-5 %s is admitted at every door outside production",
    async (origin) => {
      const server = await startServer({ store, env: development });

      expect(await answers(server, origin)).toEqual(letIn);
    },
  );

  it.each([
    "https://evil.example",
    "http://notlocalhost:3000",
    "http://localhost.evil.example",
    "http://127.0.0.1.evil.example",
    "null",
  ])("CONN-5 %s is refused at every door outside production too", async (origin) => {
    const server = await startServer({ store, env: development });

    expect(await answers(server, origin)).toEqual(refused);
  });

  it("CONN-5 a refused page learns nothing from a valid token, and opens no connection", async () => {
    const server = await startServer({ store });
    const io = { extraHeaders: { origin: "https://evil.example" }, reconnection: false };

    const clients = [
      server.client("ada", { namespace: "/chat" as Namespace, io: { ...io, transports: ["websocket"] } }),
      server.client("ada", { namespace: "/chat" as Namespace, io: { ...io, transports: ["polling"] } }),
    ];
    const errors = await Promise.all(clients.map(({ inbox }) => inbox.one<Error>("connect_error")));
    const { body } = await server.request("GET", "/api/websocket/status");

    // Errors of the transport, not of a namespace: those have `data`.
    for (const error of errors) expect(error).not.toHaveProperty("data");
    expect(body.connections).toBe(0);
  });
});
