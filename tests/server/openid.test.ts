import { createHmac, createPublicKey } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import jwt from "jsonwebtoken";
import type { Role } from "../../shared/role.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { audience, createProviderKey, TestProvider } from "../support/openid-provider.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { testSecret, tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";

const store = "memory";

const settingsFor = (...providers: TestProvider[]) => ({
  LIMIT_COMMANDS_BURST: "100000",
  OIDC_ISSUER: providers.map(({ issuer }) => issuer).join(","),
  OIDC_AUDIENCE: audience,
});

/** `ok`, or the code that the token is refused with. */
async function verdictOf(server: TestServer, token: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}` };
  const { status, body } = await server.request("GET", "/api/conversations", { as: null, headers });
  return status === 200 ? "ok" : body.code;
}

/** A provider that has given a token, and a server that believes it. */
async function start(env: Record<string, string> = {}) {
  const provider = await TestProvider.start();
  const clock = new ManualClock();
  const server = await startServer({ store, env: { ...settingsFor(provider), ...env }, overrides: { clock } });
  const { access_token: token } = await provider.logIn("ada");
  return { provider, clock, server, token };
}

describe("users of an OpenID provider", () => {
  it("OIDC-1 they connect at every door with the token of their login, as the user that it names", async () => {
    const provider = await TestProvider.start();
    provider.roles = ["user", "monitor"];
    const { access_token: token } = await provider.logIn("ada");
    const server = await startServer({ env: settingsFor(provider) });

    const chat = server.client("ada", { auth: { token } });
    const monitoring = server.client("ada", { namespace: "/monitoring", auth: { token } });
    const script = server.rawWebSocket(`/ws?token=${token}`);
    const established = await Promise.all(
      [chat, monitoring, script].map(({ inbox }) => inbox.one("system.connection.established")),
    );

    expect(established).toMatchObject([1, 2, 3].map(() => ({ userId: "ada", roles: ["user", "monitor"] })));
    expect(await verdictOf(server, token)).toBe("ok");
  });

  it("OIDC-3 they stay connected with the token that they get for their refresh token, with its roles", async () => {
    const provider = await TestProvider.start();
    provider.roles = ["user", "monitor"];
    const login = await provider.logIn("ada");
    const server = await startServer({ env: settingsFor(provider) });
    const ada = server.rawWebSocket(`/ws?token=${login.access_token}`);
    await ada.inbox.one("system.connection.established");

    provider.roles = ["user"];
    provider.lifetime = 7_200;
    const { access_token: token } = await provider.refresh(login.refresh_token);
    const refreshed = await ada.ok<{ tokenExpiresAt: string }>("system.token.refresh", { token });

    expect(Date.parse(refreshed.tokenExpiresAt)).toBeGreaterThan(Date.now() + 7_000_000);
  });
});

describe("tokens of an OpenID provider", () => {
  it.each(["RS256", "PS256", "ES256"] as const)("OIDC-1 a token may be signed with %s", async (alg) => {
    const provider = await TestProvider.start({ key: createProviderKey(alg) });
    const server = await startServer({ store, env: settingsFor(provider) });

    const { access_token: token } = await provider.logIn("ada");

    expect(jwt.decode(token, { complete: true })?.header.alg).toBe(alg);
    expect(await verdictOf(server, token)).toBe("ok");
  });

  it("OIDC-2 tokens with a new key are valid at once, and those with a removed key are not", async () => {
    const { provider, clock, server, token } = await start();

    await verdictOf(server, token);
    provider.rotate();
    clock.advance(1_000);
    const { access_token: newer } = await provider.logIn("ada");
    const verdicts = [await verdictOf(server, newer), await verdictOf(server, token)];

    expect(verdicts).toEqual(["ok", "unauthenticated"]);
  });

  it("OIDC-2 tokens with a withdrawn key are refused ten minutes later, even if no other token arrives", async () => {
    const { provider, clock, server, token } = await start();

    await verdictOf(server, token);
    provider.rotate();
    const before = await verdictOf(server, token);
    clock.advance(600_000);

    expect(before).toBe("ok");
    // The keys are fetched anew beside the first request, and what was good a moment ago is not looked at.
    const isRefused = async () => {
      clock.advance(1_000);
      return (await verdictOf(server, token)) !== "ok";
    };
    await eventually(isRefused, "the key to be forgotten");
  });

  it("OIDC-3 an expired token is refused as expired, and one that expires soon is valid until then", async () => {
    const { provider, clock, server, token } = await start();
    provider.lifetime = 60;
    const { access_token: short } = await provider.logIn("ada");

    clock.advance(59_000);
    const before = [await verdictOf(server, short), await verdictOf(server, token)];
    clock.advance(120_000);
    const after = [await verdictOf(server, short), await verdictOf(server, token)];

    expect(before).toEqual(["ok", "ok"]);
    expect(after).toEqual(["token_expired", "ok"]);
  });

  it("OIDC-4 tokens for another program are refused", async () => {
    const { server } = await start();
    const elsewhere = await TestProvider.start({ audience: "https://other.example" });
    const { provider, server: openServer } = await start({ OIDC_AUDIENCE: "", OIDC_CLIENT_ID: "app" });

    const wrongIssuer = await elsewhere.logIn("ada");

    expect(await verdictOf(server, wrongIssuer.access_token)).toBe("unauthenticated");
    expect(await verdictOf(openServer, (await provider.logIn("ada")).access_token)).toBe("ok");
    expect(await verdictOf(openServer, provider.sign({ client_id: "other", azp: "another" }))).toBe("unauthenticated");
    expect(await verdictOf(openServer, provider.sign({ aud: "x", azp: "app" }))).toBe("ok");
  });

  it("OIDC-4 tokens other than access tokens are refused, whatever the provider signs them for", async () => {
    const { provider, server } = await start({ OIDC_AUDIENCE: "", OIDC_CLIENT_ID: "app" });
    const login = await provider.logIn("ada");
    const plain = { typ: "JWT" };
    const app = { aud: "app" };
    const refusedOnes = {
      "the ID token": login.id_token,
      "the refresh token": login.refresh_token,
      "an ID token of Keycloak": provider.sign({ ...app, typ: "ID" }, plain),
      "a refresh token of Keycloak": provider.sign({ ...app, typ: "Refresh" }, plain),
      "a logout token": provider.sign({ ...app, events: {} }, { typ: "logout+jwt" }),
      "an ID token with a scope": provider.sign({ ...app, scope: "openid", at_hash: "x" }, plain),
      "a token that does not say what it is": provider.sign(app, plain),
      "a token bound to a key": provider.sign({ ...app, cnf: { jkt: "x" } }),
      "a DPoP token of Keycloak": provider.sign({ ...app, typ: "DPoP" }, plain),
    };
    const goodOnes = {
      "one by its header": provider.sign(app),
      "one by the long name in its header": provider.sign(app, { typ: "application/at+jwt" }),
      "one of Keycloak": provider.sign({ ...app, typ: "Bearer", nonce: "x" }, plain),
      "one with a scope": provider.sign({ ...app, scope: "openid" }, plain),
    };

    for (const [what, token] of Object.entries(refusedOnes))
      expect([what, await verdictOf(server, token)]).toEqual([what, "unauthenticated"]);
    for (const [what, token] of Object.entries(goodOnes))
      expect([what, await verdictOf(server, token)]).toEqual([what, "ok"]);
  });

  it("OIDC-4 forged tokens are refused: by algorithm, key, issuer or header", async () => {
    const { provider, server } = await start();
    const { key } = provider;
    const spki = createPublicKey(key.privateKey).export({ type: "spki", format: "pem" }).toString();
    const claims = { iss: provider.issuer, aud: audience, sub: "ada", exp: Math.floor(Date.now() / 1000) + 60 };
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const unsigned = (header: object) => `${part({ kid: key.kid, typ: "at+jwt", ...header })}.${part(claims)}`;
    const hmac = (content: string, secret: string) =>
      `${content}.${createHmac("sha256", secret).update(content).digest("base64url")}`;
    const stranger = createProviderKey("RS256", key.kid);
    const forged = {
      "the public key as a secret": hmac(unsigned({ alg: "HS256" }), spki),
      "our secret for its issuer": hmac(unsigned({ alg: "HS256" }), testSecret),
      none: `${unsigned({ alg: "none" })}.`,
      "another key of the same id": jwt.sign(claims, stranger.privateKey, { algorithm: "RS256", keyid: key.kid }),
      "another algorithm of the same key": jwt.sign(claims, key.privateKey, { algorithm: "RS384", keyid: key.kid }),
      "a key of its own": provider.sign({}, { jwk: key.jwk, jku: "http://127.0.0.1:1/", kid: undefined, crit: ["x"] }),
      "a key that is no text": provider.sign({}, { kid: { $ne: 1 } }).replace(/[^.]+$/, "AAAA"),
      "its key, for our own issuer": provider.sign({ iss: undefined }),
      "an issuer that begins like it": provider.sign({ iss: `${provider.issuer}/` }),
      "a list of issuers": provider.sign({ iss: [provider.issuer] }),
    };

    for (const [what, token] of Object.entries(forged))
      expect([what, await verdictOf(server, token)]).toEqual([what, "unauthenticated"]);
  });

  it("OIDC-5 tokens remain valid while the provider is down, and unknown keys are waited for", async () => {
    const { provider, clock, server, token } = await start();

    await verdictOf(server, token);
    provider.isDown = true;
    clock.advance(700_000);
    const known = await verdictOf(server, token);
    const key = createProviderKey();
    provider.rotate(key);
    clock.advance(1_000);
    const unknown = await verdictOf(server, provider.sign());
    provider.isDown = false;
    clock.advance(1_000);
    const back = await verdictOf(server, provider.sign());

    expect([known, unknown, back]).toEqual(["ok", "unavailable", "ok"]);
    expect(server.lines.filter((line) => line.includes("the keys cannot be read")).length).toBeGreaterThan(0);
  });

  it("OIDC-5 a provider that was down at the start is used once it is up", async () => {
    const provider = await TestProvider.start();
    const clock = new ManualClock();
    provider.isDown = true;
    const server = await startServer({ store, env: settingsFor(provider), overrides: { clock } });

    const before = await verdictOf(server, provider.sign());
    provider.isDown = false;
    clock.advance(1_000);
    const after = await verdictOf(server, provider.sign());

    expect([before, after]).toEqual(["unavailable", "ok"]);
  });

  it("OIDC-5 unknown keys make the server ask the provider once a second, however many tokens arrive", async () => {
    const { provider, server, token } = await start();
    const unknown = () => verdictOf(server, provider.sign({}, { kid: String(Math.random()) }));
    await verdictOf(server, token);
    const read = provider.keysRead;
    const since = performance.now();

    const verdicts = await Promise.all(Array.from({ length: 100 }, unknown));

    const seconds = Math.floor((performance.now() - since) / 1_000);
    expect(provider.keysRead).toBeGreaterThan(read);
    expect(provider.keysRead).toBeLessThanOrEqual(read + 1 + seconds);
    expect(new Set(verdicts)).toEqual(new Set(["unauthenticated"]));
  });

  it("OIDC-5 unknown keys make the server ask no more often while the provider is down", async () => {
    const { provider, server, token } = await start();
    await verdictOf(server, token);
    provider.isDown = true;
    const asked = provider.asked;
    const since = performance.now();

    const verdicts = await Promise.all(
      Array.from({ length: 100 }, () => verdictOf(server, provider.sign({}, { kid: String(Math.random()) }))),
    );

    const seconds = Math.floor((performance.now() - since) / 1_000);
    expect(provider.asked).toBeGreaterThan(asked);
    expect(provider.asked).toBeLessThanOrEqual(asked + 1 + seconds);
    expect(new Set(verdicts)).toEqual(new Set(["unavailable"]));
  });

  it("OIDC-2 unusable keys of a provider do not affect the others, and tokens that name one are refused", async () => {
    const provider = await TestProvider.start();
    const ec = createProviderKey("ES256");
    const { x: _, ...broken } = ec.jwk;
    provider.keySet = [broken, { kty: "oct", k: "AA", kid: "secret" }, { kty: "future" }, provider.key.publicJwk];
    const server = await startServer({ store, env: settingsFor(provider) });

    const good = await verdictOf(server, provider.sign());
    const refused = jwt.sign({ ...(jwt.decode(provider.sign()) as object) }, ec.privateKey, {
      algorithm: "ES256",
      header: { alg: "ES256", kid: ec.kid, typ: "at+jwt" },
    });

    expect([good, await verdictOf(server, refused)]).toEqual(["ok", "unauthenticated"]);
  });

  it("OIDC-6 tokens of several providers and of the shared secret are accepted side by side, each with its own issuer", async () => {
    const [one, two] = [await TestProvider.start(), await TestProvider.start({ key: createProviderKey() })];
    const server = await startServer({ store, env: settingsFor(one, two) });

    const verdicts = [
      await verdictOf(server, one.sign()),
      await verdictOf(server, two.sign()),
      await verdictOf(server, tokenOf("backend", ["service"])),
      await verdictOf(server, one.sign({ iss: two.issuer })),
    ];

    expect(verdicts).toEqual(["ok", "ok", "ok", "unauthenticated"]);
  });

  it.each<[string, object, Record<string, string>, Role[]]>([
    ["roles", { roles: ["admin", "user"] }, {}, ["user", "admin"]],
    [
      "realm roles of Keycloak",
      { roles: undefined, realm_access: { roles: ["offline_access", "agent"] } },
      {},
      ["agent"],
    ],
    [
      "client roles of Keycloak",
      { roles: undefined, realm_access: { roles: ["user"] }, resource_access: { app: { roles: ["monitor"] } } },
      { OIDC_CLIENT_ID: "app" },
      ["user", "monitor"],
    ],
    [
      "a claim of one's own",
      { "https://x.example/roles": ["agent"] },
      { OIDC_ROLES_CLAIM: "https://x.example/roles" },
      ["agent"],
    ],
    ["a path", { groups: { signalbox: ["monitor"] } }, { OIDC_ROLES_CLAIM: "groups.signalbox" }, ["monitor"]],
    ["one text", { scope: "openid user agent" }, { OIDC_ROLES_CLAIM: "scope" }, ["user", "agent"]],
    ["nothing that is there", {}, { OIDC_ROLES_CLAIM: "constructor.name" }, []],
  ])("OIDC-1 the roles may be in %s", async (_what, claims, env, roles) => {
    const { provider, server } = await start(env);

    const headers = { authorization: `Bearer ${provider.sign(claims)}` };
    const { body } = await server.request("POST", "/api/session", { as: null, headers });

    expect(body.roles).toEqual(roles);
  });
});
