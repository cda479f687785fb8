import { describe, expect, it } from "@jest/globals";
import jwt from "jsonwebtoken";
import { ManualClock } from "../support/manual-clock.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { storeEnv, stores } from "../support/stores.ts";
import { testSecret, tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";

interface Heard {
  inbox: { one<T>(name: string): Promise<T> };
}

const reasonOf = async ({ inbox }: Heard) => (await inbox.one<{ reason: string }>("system.connection.close")).reason;

/** The issue times of tokens have whole seconds, and the clocks of these tests stand still: to be revoked is what is of before. */
const ofBefore = { claims: { iat: Math.floor(Date.now() / 1000) - 60 } };

const secondsFrom = (ms: number) => Math.floor(ms / 1000);

async function verdictOf(server: TestServer, token: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}` };
  const { status, body } = await server.request("GET", "/api/conversations", { as: null, headers });
  return status === 200 ? "ok" : body.code;
}

const revoke = (server: TestServer, body: object, as = "root") =>
  server.request("POST", "/api/revocations", { as, roles: ["admin"], body });

describe.each(stores)("revocations (%s)", (store) => {
  async function start() {
    const clock = new ManualClock();
    const env = await storeEnv(store);
    const server = await startServer({ store, env, overrides: { clock } });
    return { clock, env, server };
  }

  it("REVOKE-1 revoking a user closes all of the user's connections, at every door, and no others", async () => {
    const { server } = await start();
    const ada = await server.connect("ada", ofBefore);
    const monitoring = await server.connect("ada", { ...ofBefore, namespace: "/monitoring", roles: ["monitor"] });
    const script = server.rawWebSocket(`/ws?token=${tokenOf("ada", ["user"], ofBefore.claims)}`);
    await script.inbox.one("system.connection.established");
    const bob = await server.connect("bob");

    const answer = await revoke(server, { userId: "ada", reason: "has left" });
    const reasons = await Promise.all([ada, monitoring, script].map(reasonOf));
    const closed = await script.closed;

    expect(answer.status).toBe(201);
    expect(reasons).toEqual(["revoked", "revoked", "revoked"]);
    expect(closed.code).toBe(4004);
    expect(await ada.inbox.one("disconnect")).toBe("io server disconnect");
    expect(await bob.command("conversation.list", {})).toMatchObject({ ok: true });
  });

  it("REVOKE-1 revoking a user refuses every token issued before, and none issued later", async () => {
    const { clock, server } = await start();
    const issued = secondsFrom(clock.now());
    const earlier = tokenOf("ada", ["user"], { iat: issued - 100 });
    const undated = jwt.sign({ sub: "ada", roles: ["user"], exp: issued + 60 }, testSecret, { noTimestamp: true });
    const later = tokenOf("ada", ["user"], { iat: issued + 2 });

    const { body } = await revoke(server, { userId: "ada" });
    const ada = server.client("ada", { auth: { token: earlier } });
    const refused = await ada.inbox.one<{ data: { code: string } }>("connect_error");

    expect(body).toEqual({ revokedAt: new Date(clock.now()).toISOString() });
    expect(refused.data.code).toBe("unauthenticated");
    expect(await verdictOf(server, earlier)).toBe("unauthenticated");
    expect(await verdictOf(server, undated)).toBe("unauthenticated");
    expect(await verdictOf(server, later)).toBe("ok");
    expect(await verdictOf(server, tokenOf("bob", ["user"], { iat: issued - 100 }))).toBe("ok");
  });

  it("REVOKE-1 revoking a session or a token refuses only that, whenever it was issued", async () => {
    const { clock, server } = await start();
    const claims = { iat: secondsFrom(clock.now()) + 5 };
    const ofSession = tokenOf("ada", ["user"], { ...claims, sid: "s-1" });
    const ofToken = tokenOf("ada", ["user"], { ...claims, jti: "t-1" });
    const others = tokenOf("ada", ["user"], { ...claims, sid: "s-2", jti: "s-1" });
    const bySession = server.client("ada", { auth: { token: ofSession } });
    const byToken = server.client("ada", { auth: { token: ofToken } });
    const another = server.client("ada", { auth: { token: others } });
    for (const { inbox } of [bySession, byToken, another]) await inbox.one("system.connection.established");

    await revoke(server, { sessionId: "s-1" });
    await revoke(server, { tokenId: "t-1" });
    const reasons = await Promise.all([bySession, byToken].map(reasonOf));

    expect(reasons).toEqual(["revoked", "revoked"]);
    expect(await verdictOf(server, ofSession)).toBe("unauthenticated");
    expect(await verdictOf(server, ofToken)).toBe("unauthenticated");
    expect(await another.command("conversation.list", {})).toMatchObject({ ok: true });
  });

  it("REVOKE-2 admins may revoke, over HTTP and in /admin, and it is logged", async () => {
    const { server } = await start();
    const ada = await server.connect("ada", ofBefore);
    const root = await server.connect("root", { namespace: "/admin", roles: ["admin"] });

    const refused = await server.request("POST", "/api/revocations", { as: "ada", body: { userId: "bob" } });
    const { revokedAt } = await root.ok("admin.revoke", { userId: "ada", reason: "lost the phone" });
    const reason = await reasonOf(ada);

    expect(refused.status).toBe(403);
    expect(Date.parse(revokedAt)).toBeLessThanOrEqual(Date.now() + 1);
    expect(reason).toBe("revoked");
    const [line] = server.lines.filter((text) => text.includes("lost the phone"));
    expect(JSON.parse(line ?? "{}")).toMatchObject({ audit: true, by: "root", of: "user", id: "ada" });
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["no name", {}],
    ["two names", { userId: "ada", tokenId: "t" }],
    ["a wrong type", { userId: 7 }],
    ["no id", { userId: "§" }],
    ["an empty name", { sessionId: "" }],
    ["a name that is too long", { tokenId: "x".repeat(4_097) }],
    ["a reason that is too long", { userId: "ada", reason: "x".repeat(501) }],
    ["more than is asked", { userId: "ada", more: 1 }],
    ["a list", [{ userId: "ada" }]],
  ])("REVOKE-2 a revocation with %s is refused and revokes nothing", async (_what, body) => {
    const { server } = await start();

    const answer = await server.request("POST", "/api/revocations", { as: "root", roles: ["admin"], body });

    expect([answer.status, answer.body.code]).toEqual([400, "invalid_payload"]);
    expect(await verdictOf(server, tokenOf("ada"))).toBe("ok");
  });

  it("REVOKE-2 a repeated revocation returns the later time", async () => {
    const { clock, server } = await start();

    const first = await revoke(server, { userId: "ada" });
    clock.advance(5_000);
    const second = await revoke(server, { userId: "ada" });

    expect(second.body).toEqual({
      revokedAt: new Date(Date.parse(String(first.body.revokedAt)) + 5_000).toISOString(),
    });
  });

  it("REVOKE-3 a refreshed token of a revoked session is refused, and a valid one does not save the connection", async () => {
    const { clock, server } = await start();
    const iat = secondsFrom(clock.now()) - 10;
    const ada = server.client("ada", { auth: { token: tokenOf("ada", ["user"], { iat, sid: "s-1" }) } });
    await ada.inbox.one("system.connection.established");
    await revoke(server, { tokenId: "t-9" });

    const refused = await ada.refused("system.token.refresh", { token: tokenOf("ada", ["user"], { jti: "t-9" }) });
    await ada.ok("system.token.refresh", { token: tokenOf("ada", ["user"], { iat, sid: "s-2" }) });
    await revoke(server, { sessionId: "s-2" });

    expect(refused.code).toBe("unauthenticated");
    expect(await reasonOf(ada)).toBe("revoked");
  });

  it("REVOKE-3 a client that connects during the revocation is closed", async () => {
    const { server } = await start();
    const token = tokenOf("ada", ["user"], { iat: secondsFrom(Date.now()) - 10 });

    const clients = Array.from({ length: 20 }, () => server.client("ada", { auth: { token } }));
    await Promise.race(clients.map(({ inbox }) => inbox.one("system.connection.established")));
    await revoke(server, { userId: "ada" });
    const ended = () =>
      clients.every(({ inbox }) => inbox.of("disconnect").length + inbox.of("connect_error").length > 0);
    await eventually(ended, "all to be out");

    expect(clients.some(({ socket }) => socket.connected)).toBe(false);
  });
});
