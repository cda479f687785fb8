import { createHash } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { ManualClock } from "../support/manual-clock.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { openStore, stores } from "../support/stores.ts";
import { tokenOf } from "../support/tokens.ts";

interface Asking {
  cookie?: string | undefined;
  origin?: string | null;
  headers?: Record<string, string>;
}

/** What a browser sends along from a page of the server itself. */
function fromPage(server: TestServer, { cookie, origin = server.url, headers = {} }: Asking): Record<string, string> {
  return { ...(cookie && { cookie }), ...(origin && { origin }), ...headers };
}

/** Begins a session with somebody's token, and gives the cookie as the browser sends it. */
async function logIn(server: TestServer, user = "ada", asking: Asking = {}) {
  const headers = fromPage(server, asking);
  const answer = await server.request("POST", "/api/session", { as: user, headers });
  const set = answer.headers.getSetCookie()[0] ?? "";
  return { answer, set, cookie: set.split(";", 1)[0] ?? "" };
}

const logOut = (server: TestServer, asking: Asking) =>
  server.request("DELETE", "/api/session", { as: null, headers: fromPage(server, asking) });

/** `ok`, or the code of the refusal. */
async function verdictOf(server: TestServer, asking: Asking): Promise<unknown> {
  const headers = fromPage(server, asking);
  const { status, body } = await server.request("GET", "/api/conversations", { as: null, headers });
  return status === 200 ? "ok" : body.code;
}

describe("cookie sessions", () => {
  it("SESSION-1 a session begins with a token, says when it ends, and scripts cannot read its cookie", async () => {
    const server = await startServer();
    const exp = Math.floor(Date.now() / 1000) + 3_600;

    const headers = { authorization: `Bearer ${tokenOf("ada", ["user", "monitor"], { exp })}` };
    const answer = await server.request("POST", "/api/session", { as: null, headers });
    const [set = ""] = answer.headers.getSetCookie();

    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      userId: "ada",
      name: "Ada",
      roles: ["user", "monitor"],
      expiresAt: new Date(exp * 1000).toISOString(),
    });
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const [pair = "", ...attributes] = set.split("; ");
    expect(pair).toMatch(/^signalbox_session=sbs_[\w-]{43}$/);
    expect(attributes.toSorted()).toEqual(
      [`Expires=${new Date(exp * 1000).toUTCString()}`, "HttpOnly", "Path=/", "SameSite=Lax"].toSorted(),
    );
  });

  it("SESSION-1 a session replaces the token at every door, for a page of an allowed origin", async () => {
    const server = await startServer();
    const { cookie } = await logIn(server);
    const headers = fromPage(server, { cookie });

    const polling = server.client("nobody", {
      auth: { token: undefined },
      io: { transports: ["polling"], extraHeaders: headers },
    });
    const webSocket = server.client("nobody", {
      auth: { token: undefined },
      io: { transports: ["websocket"], extraHeaders: headers },
    });
    const script = server.rawWebSocket("/ws", { headers });
    const established = await Promise.all(
      [polling, webSocket, script].map(({ inbox }) => inbox.one("system.connection.established")),
    );

    expect(established).toMatchObject([{ userId: "ada" }, { userId: "ada" }, { userId: "ada" }]);
    expect(await verdictOf(server, { cookie })).toBe("ok");
    const sameOrigin = { cookie, origin: null, headers: { "sec-fetch-site": "same-origin" } };
    expect(await verdictOf(server, sameOrigin)).toBe("ok");
    const overPlainHttp = { cookie, origin: null, headers: { referer: `${server.url}/chat?x=1` } };
    expect(await verdictOf(server, overPlainHttp)).toBe("ok");
  });

  it("SESSION-2 a session cookie is ignored without the origin of a page, or with a foreign one", async () => {
    const server = await startServer({ env: { NODE_ENV: "production", HOST: "127.0.0.1" } });
    const { cookie, set } = await logIn(server);
    const foreign = "https://evil.example";
    const from = (referer: string): Asking => ({ cookie, origin: null, headers: { referer } });

    const verdicts = {
      "no origin": await verdictOf(server, { cookie, origin: null }),
      "a link from elsewhere": await verdictOf(server, {
        cookie,
        origin: null,
        headers: { "sec-fetch-site": "cross-site" },
      }),
      "a foreign page": await verdictOf(server, { cookie, origin: foreign }),
      "a link from elsewhere, over plain HTTP": await verdictOf(server, from(`${foreign}/page`)),
      "from another port": await verdictOf(server, from("http://localhost:1/page")),
      "from no address": await verdictOf(server, from("localhost")),
    };
    const proxied = await startServer({ env: { TRUST_PROXY: "1" } });
    const { cookie: other } = await logIn(proxied);
    const at = (host: string): Asking => ({
      cookie: other,
      origin: null,
      headers: { referer: "http://chat.example.com/chat", "x-forwarded-host": host },
    });
    expect(await verdictOf(proxied, at("CHAT.example.com:80"))).toBe("ok");
    expect(await verdictOf(proxied, at("chat.example.com:81"))).toBe("unauthenticated");
    const ours = from(`${server.url}/chat`);
    const written = await server.request("POST", "/api/conversations", {
      as: null,
      body: {},
      headers: fromPage(server, ours),
    });
    const posted = await server.request("POST", "/api/conversations", { as: null, body: {}, headers: { cookie } });
    const ended = await logOut(server, { cookie, origin: null });
    const script = server.rawWebSocket("/ws", { headers: { cookie, referer: `${server.url}/chat` } });
    const closed = await script.closed;

    expect(set).toContain("; Secure");
    expect(verdicts).toEqual({
      "no origin": "unauthenticated",
      "a link from elsewhere": "unauthenticated",
      "a foreign page": "forbidden",
      "a link from elsewhere, over plain HTTP": "unauthenticated",
      "from another port": "unauthenticated",
      "from no address": "unauthenticated",
    });
    expect([posted.status, written.status, ended.status, closed.code]).toEqual([401, 401, 403, 4000]);
    expect(await verdictOf(server, { cookie })).toBe("ok");
  });

  it("SESSION-6 a request returns the user of the session, or nobody", async () => {
    const server = await startServer();
    const { answer, cookie } = await logIn(server);
    const ask = (headers: Record<string, string>) =>
      server.request("GET", "/api/session", { as: null, headers: { origin: server.url, ...headers } });

    const mine = await ask({ cookie });
    const byToken = await ask({ authorization: `Bearer ${tokenOf("bob", ["monitor"])}` });
    const badToken = await ask({ authorization: "Bearer nonsense", cookie });
    const nobody = [await ask({}), await ask({ cookie: "signalbox_session=sbs_x" })];
    await logOut(server, { cookie });
    const afterwards = await ask({ cookie });

    expect(mine.body).toEqual(answer.body);
    expect(mine.headers.get("cache-control")).toBe("no-store");
    expect(byToken.body).toMatchObject({ userId: "bob", roles: ["monitor"] });
    expect([badToken.status, badToken.body.code]).toEqual([401, "unauthenticated"]);
    expect([...nobody, afterwards].map(({ status, body }) => [status, body])).toEqual(Array(3).fill([200, null]));
  });

  it("SESSION-5 a session cannot be begun with an invalid token or with a cookie alone, and its secret cannot be guessed", async () => {
    const server = await startServer();
    const { cookie } = await logIn(server);
    const secret = cookie.split("=")[1] ?? "";
    const begin = async (headers: Record<string, string>) =>
      (await server.request("POST", "/api/session", { as: null, headers: { origin: server.url, ...headers } })).status;

    const statuses = {
      nothing: await begin({}),
      "no token": await begin({ authorization: "Bearer x" }),
      "the cookie alone": await begin({ cookie }),
      "the cookie's value as a token": await begin({ authorization: `Bearer ${secret}` }),
    };
    const cookies = {
      "another value": "signalbox_session=sbs_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
      "a token": `signalbox_session=${tokenOf("ada")}`,
      empty: "signalbox_session=",
      "a name that ends like it": `x${cookie}`,
      "two of the name": `${cookie}; signalbox_session=sbs_x`,
      "an object's key": "signalbox_session=__proto__",
    };

    expect(statuses).toEqual({
      nothing: 401,
      "no token": 401,
      "the cookie alone": 401,
      "the cookie's value as a token": 403,
    });
    for (const [what, other] of Object.entries(cookies))
      expect([what, await verdictOf(server, { cookie: other })]).toEqual([what, "unauthenticated"]);
    expect(await verdictOf(server, { cookie: `theme=dark; ${cookie}; x=y` })).toBe("ok");
  });

  it("SESSION-5 requests with a cookie count for the rate limit, and its secret is not in the log", async () => {
    const clock = new ManualClock();
    const env = { LIMIT_COMMANDS_PER_SECOND: "1", LIMIT_COMMANDS_BURST: "3", LOG_LEVEL: "debug" };
    const server = await startServer({ env, overrides: { clock } });

    const statuses = [];
    const secrets = [];
    for (let i = 0; i < 4; i++) {
      const { answer, cookie } = await logIn(server);
      statuses.push(answer.status);
      secrets.push(cookie.split("=")[1] ?? "");
    }
    const script = server.rawWebSocket("/ws", {
      headers: fromPage(server, { cookie: `signalbox_session=${secrets[0]}` }),
    });
    await script.inbox.one("system.connection.established");

    expect(statuses).toEqual([201, 201, 201, 429]);
    expect(server.lines.join("")).not.toContain(secrets[0]);
  });

  it("SESSION-7 a page gets the providers at which users can sign in", async () => {
    const env = { OIDC_ISSUER: "http://127.0.0.1:9/a,http://127.0.0.1:9/b", OIDC_CLIENT_ID: "page" };
    const servers = [await startServer({ env }), await startServer()];

    const answers = await Promise.all(
      servers.map((server) => server.request("GET", "/api/session/providers", { as: null })),
    );

    const issuers = ["http://127.0.0.1:9/a", "http://127.0.0.1:9/b"];
    const providers = issuers.map((issuer) => ({ issuer, clientId: "page" }));
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [200, { providers }],
      [200, { providers: [] }],
    ]);
  });
});

describe.each(stores)("cookie sessions (%s)", (store) => {
  it("SESSION-1 a session of an earlier version remains valid, and can be ended", async () => {
    const secret = `sbs_${"A".repeat(43)}`;
    const clock = new ManualClock();
    const { documents } = await openStore(store, { clock });
    const kept = { userId: "ada", name: "Ada", roles: ["user"], grants: [], sessionId: null, tokenId: null };
    const until = { issuedAt: clock.now(), expiresAt: clock.now() + 60_000 };
    const id = createHash("sha256").update(secret).digest("base64url");
    await documents.put("login", id, { ...kept, ...until, login: "session-1" }, 0, { ttlMs: 60_000 });
    const server = await startServer({ store, overrides: { clock, documents } });
    const cookie = `signalbox_session=${secret}`;

    const before = await verdictOf(server, { cookie });
    await logOut(server, { cookie });

    expect([before, await verdictOf(server, { cookie })]).toEqual(["ok", "unauthenticated"]);
  });

  it("SESSION-3 an ended session closes its connections, and no others", async () => {
    const server = await startServer({ store });
    const { cookie } = await logIn(server);
    const other = await logIn(server);
    const [mine, theirs] = [cookie, other.cookie].map((value) =>
      server.rawWebSocket("/ws", { headers: fromPage(server, { cookie: value }) }),
    );
    const byToken = await server.connectWebSocket("ada");
    for (const client of [mine, theirs]) await client?.inbox.one("system.connection.established");

    const ended = await logOut(server, { cookie });
    const closed = await mine?.closed;
    const again = await logOut(server, { cookie });

    expect([ended.status, again.status]).toEqual([204, 204]);
    expect(ended.headers.getSetCookie()[0]).toMatch(/^signalbox_session=;.*Expires=Thu, 01 Jan 1970/);
    expect(closed).toEqual({ code: 4004, reason: "revoked" });
    expect(await verdictOf(server, { cookie })).toBe("unauthenticated");
    expect(await verdictOf(server, { cookie: other.cookie })).toBe("ok");
    for (const client of [theirs, byToken])
      expect(await client?.command("conversation.list", {})).toMatchObject({ ok: true });
  });

  it("SESSION-3 ending a session also closes connections that have refreshed their token", async () => {
    const server = await startServer({ store });
    const { cookie } = await logIn(server);
    const script = server.rawWebSocket("/ws", { headers: fromPage(server, { cookie }) });
    await script.inbox.one("system.connection.established");

    await script.ok("system.token.refresh", { token: tokenOf("ada") });
    await logOut(server, { cookie });

    expect((await script.closed).code).toBe(4004);
  });

  it("SESSION-4 a session ends with its token, and with the token's revocation", async () => {
    const clock = new ManualClock();
    const server = await startServer({ store, overrides: { clock } });
    const exp = Math.floor(clock.now() / 1000) + 60;
    const token = tokenOf("ada", ["user"], { exp });
    const headers = { ...fromPage(server, {}), authorization: `Bearer ${token}` };
    const { headers: answered } = await server.request("POST", "/api/session", { as: null, headers });
    const short = answered.getSetCookie()[0]?.split(";", 1)[0];
    const { cookie: long } = await logIn(server, "bob");

    const before = [await verdictOf(server, { cookie: short }), await verdictOf(server, { cookie: long })];
    clock.advance(60_000);
    await server.request("POST", "/api/revocations", { as: "root", roles: ["admin"], body: { userId: "bob" } });
    const after = [await verdictOf(server, { cookie: short }), await verdictOf(server, { cookie: long })];

    expect(before).toEqual(["ok", "ok"]);
    expect(after).toEqual(["unauthenticated", "unauthenticated"]);
  });

  it("SESSION-4 a session that continues with a newer token keeps its connections, and gets another secret", async () => {
    const server = await startServer({ store });
    const first = await logIn(server);
    const script = server.rawWebSocket("/ws", { headers: fromPage(server, { cookie: first.cookie }) });
    await script.inbox.one("system.connection.established");

    const second = await logIn(server, "ada", { cookie: first.cookie });
    const still = await script.command("conversation.list", {});
    const verdicts = [await verdictOf(server, first), await verdictOf(server, second)];
    await logOut(server, second);

    expect(still).toMatchObject({ ok: true });
    expect(verdicts).toEqual(["unauthenticated", "ok"]);
    expect((await script.closed).code).toBe(4004);
  });

  it("SESSION-4 a session of another user ends when somebody signs in with the same browser", async () => {
    const server = await startServer({ store });
    const ada = await logIn(server);
    const script = server.rawWebSocket("/ws", { headers: fromPage(server, ada) });
    await script.inbox.one("system.connection.established");

    const bob = await logIn(server, "bob", ada);

    expect((await script.closed).code).toBe(4004);
    expect([await verdictOf(server, ada), await verdictOf(server, bob)]).toEqual(["unauthenticated", "ok"]);
  });
});
