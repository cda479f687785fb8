import { describe, expect, it } from "@jest/globals";
import { Tcp } from "../support/tcp.ts";
import { tokenOf } from "../support/tokens.ts";
import { startTarget } from "./target.ts";

const request = (...lines: string[]) => `${lines.join("\r\n")}\r\n\r\n`;

describe("headers", () => {
  it.each<[string, string, RegExp]>([
    ["too many bytes of them", request("GET /healthz HTTP/1.1", "Host: x", `X-A: ${"a".repeat(20_000)}`), / 431 /],
    [
      "a cookie of 20 000 bytes",
      request("GET /api/tasks HTTP/1.1", "Host: x", `Cookie: a=${"a".repeat(20_000)}`),
      / 431 /,
    ],
    ["a line that is no header", request("GET /healthz HTTP/1.1", "Host: x", "no header"), / 400 /],
    ["a header with a null byte", request("GET /healthz HTTP/1.1", "Host: x", "X-A: a\0b"), / 400 /],
    ["two lengths", request("POST /api/tasks HTTP/1.1", "Host: x", "Content-Length: 5", "Content-Length: 6"), / 400 /],
    [
      "a length and chunks",
      request("POST /api/tasks HTTP/1.1", "Host: x", "Content-Length: 5", "Transfer-Encoding: chunked"),
      / 400 /,
    ],
    ["chunks by another name", request("POST /api/tasks HTTP/1.1", "Host: x", "Transfer-Encoding: xchunked"), / 400 /],
    ["a length below nothing", request("POST /api/tasks HTTP/1.1", "Host: x", "Content-Length: -1"), / 400 /],
    ["no host", request("GET /healthz HTTP/1.1"), / 400 /],
    ["another protocol", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", / 400 /],
    ["a version of another time", request("GET / HTTP/9.9", "Host: x"), / 400 /],
  ])("SEC-7 requests with %s are refused", async (_what, text, answer) => {
    const { server, unharmed } = await startTarget();
    const tcp = new Tcp(server.url);

    tcp.write(Buffer.from(text, "latin1"));
    await tcp.ended();

    expect(tcp.received).toMatch(answer);
    await unharmed();
  });

  it.each([
    ["thousands of cookies", { cookie: Array.from({ length: 1_500 }, (_, i) => `c${i}=1`).join("; ") }, 401],
    [
      "cookies that mean something to the language",
      { cookie: "__proto__=1; constructor=2; signalbox_session=__proto__" },
      401,
    ],
    ["a body that is compressed", { "content-encoding": "gzip", "content-type": "application/json" }, 400],
    ["a body in another charset", { "content-type": "application/json; charset=utf-7" }, 401],
    ["methods in a header", { "x-http-method-override": "DELETE" }, 401],
    [
      "addresses of others",
      { "x-forwarded-for": "127.0.0.1", "x-forwarded-host": "evil.example", forwarded: "for=1.1.1.1" },
      401,
    ],
  ])("SEC-7 requests with %s are answered like any other", async (_what, headers, status) => {
    const { server, unharmed } = await startTarget();
    const body = "content-type" in headers ? "{}" : undefined;

    const answer = await server.request("POST", "/api/conversations", { as: null, headers, body });

    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
    await unharmed();
  });

  it("SEC-7 a path with markup or line breaks is never returned unescaped", async () => {
    const { server, unharmed } = await startTarget();

    const answer = await server.request("GET", "/api/%0d%0aSet-Cookie:x=y/<script>alert(1)</script>", { as: null });

    expect(answer.headers.get("set-cookie")).toBeNull();
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    await unharmed();
  });
});

describe("the log", () => {
  it("SEC-8 the log has one line per entry, whatever clients send, and no token", async () => {
    const { server, unharmed } = await startTarget({ env: { LOG_LEVEL: "debug" } });
    const nasty = 'x\n{"level":"error","message":"forged"}\r\n\u2028\u001b[31m\u0085';
    const token = tokenOf("mallory", ["user"], { name: nasty, sid: nasty, jti: nasty });

    const mallory = server.client("mallory", { auth: { token, autoJoin: nasty } });
    await mallory.inbox.one("system.connection.established");
    await mallory.command(nasty, { [nasty]: nasty });
    await mallory.command("system.token.refresh", { token: `${token}x` });
    await server.request("POST", "/api/revocations", {
      as: "root",
      roles: ["admin"],
      body: { sessionId: nasty, reason: nasty },
    });
    await server.request("GET", `/api/${encodeURIComponent(nasty)}?token=${token}`, {
      headers: { "user-agent": "a\tb" },
    });
    await unharmed();

    for (const line of server.lines) {
      expect(line.endsWith("\n") ? line.slice(0, -1) : line).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
      expect(JSON.parse(line).message).not.toBe("forged");
    }
    expect(server.lines.join("")).not.toContain(token.split(".")[2]);
  });
});
