import { createHmac } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import type { ReplyError } from "../../shared/reply.ts";
import type { SystemMessageData } from "../../shared/system-message.ts";
import type { TestServer } from "../support/server.ts";
import type { StoreName } from "../support/stores.ts";
import { testSecret, tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";
import { startTarget } from "./target.ts";

type Established = SystemMessageData<"system.connection.established">;

const nowSeconds = Math.floor(Date.now() / 1000);
const part = (text: string) => Buffer.from(text).toString("base64url");

/** A signed token whose claims are this JSON: libraries refuse to write some of it. */
function signed(json: string): string {
  const content = `${part('{"alg":"HS256","typ":"JWT"}')}.${part(json)}`;
  return `${content}.${createHmac("sha256", testSecret).update(content).digest("base64url")}`;
}

/** With the usual claims, of which those that are given replace theirs. */
function tokenWith(claims: Record<string, string>): string {
  const usual = { sub: '"eve"', name: '"Eve"', roles: '["user","monitor"]', exp: String(nowSeconds + 3_600) };
  const members = Object.entries({ ...usual, ...claims }).map(([name, json]) => `${JSON.stringify(name)}:${json}`);
  return signed(`{${members.join(",")}}`);
}

const texts = ['""', '" "', '"ada\\n"', '"\\u0000"', '"\\ud800"', '"2026-12-01"', JSON.stringify("x".repeat(5_000))];
const numbers = ["0", "-1", "1.5", "1e308", "-1e308", "1e400", "9999999999999", "8640000000001", "253402300800"];
const others = ["null", "true", "[]", "{}", '[null,{"a":1}]', '{"__proto__":{"roles":["admin"]},"length":9}'];
const values = [...texts, ...numbers, ...others];
const claims = ["sub", "exp", "iat", "nbf", "name", "preferred_username", "sid", "jti", "typ", "roles", "realm_access"];
const grants = ['[{"room":"*","can":"read"}]', '[{"room":1}]', `[${Array(300).fill('{"room":"a","can":[]}')}]`];

/** What every door says of a token, and of the session that it begins. */
async function answersTo(server: TestServer, token: string) {
  const client = server.client("x", { auth: { token } });
  const plain = server.rawWebSocket(`/ws?token=${encodeURIComponent(token)}`);
  const bridge = server.rawWebSocket("/ws/agent-bridge", { headers: { authorization: `Bearer ${token}` } });
  const headers = { authorization: `Bearer ${token}`, origin: server.url };
  const statuses = [
    (await server.request("GET", "/api/session", { as: null, headers })).status,
    (await server.request("GET", "/api/conversations", { as: null, headers })).status,
  ];
  const begun = await server.request("POST", "/api/session", { as: null, headers });
  const cookie = begun.headers.getSetCookie()[0]?.split(";", 1)[0];
  if (cookie !== undefined) {
    const answer = await server.request("GET", "/api/session", { as: null, headers: { cookie, origin: server.url } });
    statuses.push(answer.status);
  }
  const { inbox } = client;
  const isAnswered = () => inbox.of("connect_error").length + inbox.of("system.connection.established").length > 0;
  await inbox.until(isAnswered, "an answer");
  if (client.inbox.of("connect_error").length === 0) await client.command("system.token.refresh", { token });
  await plain.inbox.until(() => plain.inbox.all.length > 0, "an answer");
  client.close();
  for (const { socket } of [plain, bridge]) socket.terminate();
  return [...statuses, begun.status];
}

/** Over Redis those of which something is kept. */
const cases = [
  ...[...claims, "grants"].map((claim) => ["memory", claim]),
  ...["sub", "exp", "name"].map((claim) => ["redis", claim]),
] as [StoreName, string][];

describe("tokens with claims of any value", () => {
  it.each(cases)("SEC-11 values (%s) for %s end nothing, and no reply is an internal error", async (store, claim) => {
    const { server, unharmed } = await startTarget({ store, env: { LIMIT_COMMANDS_BURST: "100000" } });

    const tried = claim === "grants" ? [...values, ...grants] : values;
    for (const value of tried) {
      const statuses = await answersTo(server, tokenWith({ [claim]: value }));
      expect([value, statuses.filter((status) => status >= 500)]).toEqual([value, []]);
    }

    await unharmed();
  });
});

describe("a token", () => {
  it("CONN-12 if its expiry is beyond the last timestamp, clients are sent the last timestamp", async () => {
    const { server } = await startTarget();
    const headers = { authorization: `Bearer ${tokenWith({ exp: "9999999999999" })}` };

    const client = server.client("x", { auth: { token: tokenWith({ exp: "9999999999999" }) } });
    const { tokenExpiresAt } = await client.inbox.one<Established>("system.connection.established");
    const { body, headers: answered } = await server.request("POST", "/api/session", { as: null, headers });

    expect([tokenExpiresAt, body.expiresAt]).toEqual(Array(2).fill("9999-12-31T23:59:59.999Z"));
    expect(answered.getSetCookie()[0]).toContain("Expires=Fri, 31 Dec 9999 23:59:59 GMT");
  });

  it.each<[what: string, claim: string, value: string, expected: object]>([
    ["null for a name", "name", "null", { name: null }],
    ["a name of 201 characters", "name", JSON.stringify("x".repeat(201)), { name: null }],
    ["roles in one text", "roles", '"user agent"', { roles: ["user", "agent"] }],
    ["a number for the roles of a realm", "realm_access", "7", { roles: ["user", "monitor"] }],
    ["a number for an id", "jti", "17", {}],
    ["null for a session", "sid", "null", {}],
    ["a day for a beginning", "iat", '"yesterday"', {}],
    ["300 grants", "grants", `[${Array(300).fill('{"room":"stream:*","can":["read"]}')}]`, {}],
    ["one grant for a list", "grants", '{"room":"stream:*"}', {}],
  ])("CONN-12 with %s it is accepted", async (_what, claim, value, expected) => {
    const { server } = await startTarget();
    const headers = { authorization: `Bearer ${tokenWith({ [claim]: value })}` };

    const { status, body } = await server.request("GET", "/api/session", { as: null, headers });

    expect([status, body]).toMatchObject([200, { userId: "eve", ...expected }]);
  });

  it("CONN-12 ignored claims are logged at level debug, by name only", async () => {
    const { server } = await startTarget({ env: { LOG_LEVEL: "debug" } });
    const odd = { name: "7", grants: '[{"room":"stream:*","can":["read"]},{"room":1}]', jti: '""', sid: "null" };
    const headers = { authorization: `Bearer ${tokenWith(odd)}` };

    await server.request("GET", "/api/session", { as: null, headers });
    const isWritten = () => server.lines.some((line) => line.includes("claims ignored"));
    await eventually(isWritten, "the line");

    const line = server.lines.find((line) => line.includes("claims ignored")) ?? "";
    expect(JSON.parse(line)).toMatchObject({ level: "debug", userId: "eve", claims: ["name", "jti", "grants"] });
  });

  it.each([
    ["sub", "7"],
    ["sub", '""'],
    ["sub", '"\\ud800"'],
    ["exp", '"tomorrow"'],
    ["exp", "null"],
    ["nbf", '"now"'],
  ])("CONN-12 if its %s is %s it is refused, and the refusal names the claim", async (claim, value) => {
    const { server } = await startTarget();

    const client = server.client("x", { auth: { token: tokenWith({ [claim]: value }) } });
    const { data } = await client.inbox.one<{ data: ReplyError }>("connect_error");

    expect(data).toMatchObject({ code: "unauthenticated", message: expect.stringContaining(claim) });
  });

  it("REVOKE-1 a numeric id can be revoked by that number, and a token from the future by its user", async () => {
    const { server } = await startTarget();
    const verdictOf = async (token: string) =>
      (await server.request("GET", "/api/session", { as: null, headers: { authorization: `Bearer ${token}` } })).status;
    const [byId, ofTheFuture] = [tokenWith({ jti: "17" }), tokenWith({ sub: '"mallory"', iat: "9999999999" })];
    const before = [await verdictOf(byId), await verdictOf(ofTheFuture)];

    for (const body of [{ tokenId: "17" }, { userId: "mallory" }])
      await server.request("POST", "/api/revocations", { as: "root", roles: ["admin"], body });

    expect(before).toEqual([200, 200]);
    expect([await verdictOf(byId), await verdictOf(ofTheFuture)]).toEqual([401, 401]);
    expect(await verdictOf(tokenOf("eve"))).toBe(200);
  });
});
