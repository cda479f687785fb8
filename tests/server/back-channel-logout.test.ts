import { describe, expect, it } from "@jest/globals";
import { ManualClock } from "../support/manual-clock.ts";
import { audience, Browser, createProviderKey, TestProvider } from "../support/openid-provider.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";

const path = "/api/oidc/backchannel-logout";
const event = { "http://schemas.openid.net/event/backchannel-logout": {} };

const post = (server: TestServer, fields: Record<string, string>, type = "application/x-www-form-urlencoded") =>
  server.request("POST", path, {
    as: null,
    headers: { "content-type": type },
    body: type.includes("json") ? fields : new URLSearchParams(fields).toString(),
  });

describe.each(stores)("back-channel logouts (%s)", (store) => {
  it.each([
    ["session", true],
    ["user", false],
  ])(
    "OIDC-7 a logout of a %s closes its connections here, and revokes the existing tokens",
    async (_what, withSession) => {
      const provider = await TestProvider.start();
      const env = { OIDC_ISSUER: provider.issuer, OIDC_AUDIENCE: audience, OIDC_CLIENT_ID: "app" };
      const server = await startServer({ store, env });
      provider.postLogouts({ url: server.url + path, withSession });
      const browser = new Browser(provider.issuer);
      const { access_token: token } = await provider.logIn("ada", browser);
      const ada = server.client("ada", { auth: { token } });
      const bob = await server.connect("bob");
      await ada.inbox.one("system.connection.established");

      await provider.logOut(browser);
      const { reason } = await ada.inbox.one<{ reason: string }>("system.connection.close");
      const again = server.client("ada", { auth: { token } });

      expect(reason).toBe("revoked");
      expect(await again.inbox.one("connect_error")).toMatchObject({ data: { code: "unauthenticated" } });
      expect(await bob.command("conversation.list", {})).toMatchObject({ ok: true });
    },
  );
});

describe("logout tokens", () => {
  async function start() {
    const provider = await TestProvider.start();
    const clock = new ManualClock();
    const env = { OIDC_ISSUER: provider.issuer, OIDC_CLIENT_ID: "app", LIMIT_COMMANDS_BURST: "1000" };
    const server = await startServer({ store: "memory", env, overrides: { clock } });
    const claims = { aud: "app", iat: Math.floor(clock.now() / 1000), jti: "j", events: event, sid: "s-1" };
    const logout = (changed: object, header: object = { typ: "logout+jwt" }) =>
      provider.sign({ ...claims, ...changed }, header);
    const isGood = async () => {
      const headers = {
        authorization: `Bearer ${provider.sign({ client_id: "app", sid: "s-1", iat: claims.iat - 10 })}`,
      };
      return (await server.request("GET", "/api/conversations", { as: null, headers })).status === 200;
    };
    return { provider, clock, server, claims, logout, isGood };
  }

  it("OIDC-7 invalid tokens are refused with 400, and log nobody out", async () => {
    const { provider, server, claims, logout, isGood } = await start();
    const stranger = await TestProvider.start({ key: createProviderKey() });
    const wrong = {
      "for another client": logout({ aud: "other" }),
      "of no event": logout({ events: undefined }),
      "of another event": logout({ events: { x: {} } }),
      "of nobody": logout({ sid: undefined, sub: undefined }),
      "with a nonce": logout({ nonce: "n" }),
      "of long ago": logout({ iat: claims.iat - 1_000, exp: undefined }),
      expired: logout({ exp: claims.iat - 60 }),
      "of the future": logout({ iat: claims.iat + 60 }),
      "of an unknown issuer": stranger.sign({ ...claims }),
      "of another key": stranger.sign({ ...claims, iss: provider.issuer }),
      unsigned: `${logout({}).split(".").slice(0, 2).join(".")}.`,
      "no token": "x",
      nothing: "",
    };

    for (const [what, token] of Object.entries(wrong)) {
      const { status, body } = await post(server, { logout_token: token });
      expect([what, status, body.code]).toEqual([what, 400, "invalid_payload"]);
    }
    expect((await post(server, {})).status).toBe(400);
    expect((await post(server, { logout_token: logout({}) }, "application/json")).status).toBe(200);
    expect((await post(server, { logout_token: "x".repeat(40_000) })).status).toBe(413);
    expect((await server.request("GET", path, { as: null })).status).toBe(404);
    expect(await isGood()).toBe(false);
  });

  it("OIDC-7 a token that is posted again ends no session that has begun since", async () => {
    const { provider, clock, server, claims, logout } = await start();
    const ofUser = logout({ sid: undefined });
    const verdictOf = async (iat: number) => {
      const headers = { authorization: `Bearer ${provider.sign({ client_id: "app", iat })}` };
      return (await server.request("GET", "/api/conversations", { as: null, headers })).status;
    };

    const first = await post(server, { logout_token: ofUser });
    clock.advance(5_000);
    const second = await post(server, { logout_token: ofUser });

    expect([first.status, second.status]).toEqual([200, 200]);
    expect([await verdictOf(claims.iat), await verdictOf(claims.iat + 3)]).toEqual([401, 200]);
  });

  it("OIDC-7 without a client id there is no logout endpoint", async () => {
    const provider = await TestProvider.start();
    const server = await startServer({
      store: "memory",
      env: { OIDC_ISSUER: provider.issuer, OIDC_AUDIENCE: audience },
    });

    expect((await post(server, { logout_token: "x" })).status).toBe(404);
  });
});
