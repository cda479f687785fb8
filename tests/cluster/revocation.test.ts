import { describe, expect, it } from "@jest/globals";
import { startServer } from "../support/server.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { sharedRedis } from "../support/stores.ts";
import { tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";
import { isReady, sharedEnv, startInstances } from "./cluster.ts";

interface Close {
  reason: string;
}

const iat = Math.floor(Date.now() / 1000) - 60;
const token = tokenOf("ada", ["user"], { iat });

describe("revocations with several instances", () => {
  it("REVOKE-4 they close the connections at every instance within two seconds, and hold after a restart of all", async () => {
    const env = await sharedEnv();
    const servers = await startInstances(env, ["A", "B", "C"]);
    const clients = servers.map((server) => server.client("ada", { auth: { token } }));
    for (const { inbox } of clients) await inbox.one("system.connection.established");

    const since = stopwatch();
    await servers[0].request("POST", "/api/revocations", { as: "root", roles: ["admin"], body: { userId: "ada" } });
    const closes = await Promise.all(clients.map(({ inbox }) => inbox.one<Close>("system.connection.close")));
    const tookMs = since();
    for (const { server } of servers) await server.close();
    const restarted = await startServer({ store: "memory", env });
    const refused = restarted.client("ada", { auth: { token } });

    expect(closes.map(({ reason }) => reason)).toEqual(["revoked", "revoked", "revoked"]);
    expect(tookMs).toBeLessThan(2_000);
    expect(await refused.inbox.one("connect_error")).toMatchObject({ data: { code: "unauthenticated" } });
  });

  it("REVOKE-4 a cookie session that is ended at one instance loses its connections at another", async () => {
    const [a, b] = await startInstances(await sharedEnv(), ["A", "B"]);
    const began = await a.request("POST", "/api/session", { headers: { origin: a.url } });
    const cookie = String(began.headers.get("set-cookie")).split(";", 1)[0] ?? "";
    const there = b.rawWebSocket("/ws", { headers: { cookie, origin: b.url } });
    await there.inbox.one("system.connection.established");

    await a.request("DELETE", "/api/session", { as: null, headers: { cookie, origin: a.url } });

    expect((await there.closed).code).toBe(4004);
  });

  it("REVOKE-4 a revocation whose broadcast an instance misses takes effect when it receives broadcasts again", async () => {
    const [a, b] = await startInstances(await sharedEnv(), ["A", "B"]);
    const ada = b.client("ada", { auth: { token } });
    await ada.inbox.one("system.connection.established");

    // What B hears of is cut off for as long as it takes A to revoke.
    await (await sharedRedis()).command("CLIENT", "KILL", "TYPE", "pubsub");
    await a.request("POST", "/api/revocations", { as: "root", roles: ["admin"], body: { userId: "ada" } });
    const { reason } = await ada.inbox.one<Close>("system.connection.close");
    await eventually(() => isReady(b), "B to be ready");

    expect(reason).toBe("revoked");
  });
});
