import { createHmac, generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import jwt from "jsonwebtoken";
import { exampleTokens } from "../../server/access/example-tokens.ts";
import {
  createSharedSecretVerifier,
  type SharedSecretVerifierOptions,
} from "../../server/access/shared-secret-verifier.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { testSecret, tokenOf } from "../support/tokens.ts";

const clock = new ManualClock();
const nowSeconds = Math.floor(clock.now() / 1_000);

const verify = (token: string, options: Partial<SharedSecretVerifierOptions> = {}) =>
  createSharedSecretVerifier({ secret: testSecret, clock, ignored() {}, ...options }).verify(token);

const refused = (code: string) => ({ name: "Rejection", error: { code } });

const claims = { sub: "ada", roles: ["user"], exp: nowSeconds + 3_600 };
const grant = { room: "stream:*", can: ["read"] };
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token with a header of one's choice, and the signature that the secret gives. */
function signedWithHeader(header: object, body: object = claims): string {
  const content = `${base64(header)}.${base64(body)}`;
  return `${content}.${createHmac("sha256", testSecret).update(content).digest("base64url")}`;
}

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const publicPem = publicKey.export({ type: "spki", format: "pem" }).toString();

/** The same claims, with one text of the signature changed. */
function tampered(): string {
  const [header, , signature] = tokenOf("ada").split(".");
  return `${header}.${base64({ ...claims, roles: ["admin"] })}.${signature}`;
}

describe("shared-secret tokens", () => {
  it("CONN-2 a valid token has its principal", async () => {
    const grants = [{ room: "conversation:42", can: ["read"] }];
    const token = tokenOf("ada", ["user", "admin"], { exp: claims.exp, sid: "s-1", jti: "t-1", grants });

    const principal = await verify(token);

    expect(principal).toEqual({
      userId: "ada",
      name: "Ada",
      roles: ["user", "admin"],
      grants,
      sessionId: "s-1",
      tokenId: "t-1",
      issuedAt: expect.any(Number),
      expiresAt: claims.exp * 1_000,
    });
  });

  it("CONN-2 a valid header in another notation is accepted", async () => {
    const principal = await verify(signedWithHeader({ alg: "HS256", typ: "JWT" }));

    expect(principal).toMatchObject({ userId: "ada", name: null });
  });

  it.each([
    ["is empty", ""],
    ["is no JWT", "hello"],
    ["has two parts", "a.b"],
    ["is not base64", "§.§.§"],
    ["is JSON of something else", `${base64([])}.${base64("x")}.x`],
    ["is unsigned (alg none)", `${base64({ alg: "none", typ: "JWT" })}.${base64(claims)}.`],
    ["says alg none and is signed", signedWithHeader({ alg: "none" })],
    ["says NONE", signedWithHeader({ alg: "NONE" })],
    ["has lost its signature", tokenOf("ada").replace(/[^.]+$/, "")],
    ["was tampered with", tampered()],
    ["is signed with another secret", jwt.sign(claims, `${testSecret}!`)],
    ["is signed with HS512", jwt.sign(claims, testSecret, { algorithm: "HS512" })],
    ["is signed with RS256", jwt.sign(claims, privateKey, { algorithm: "RS256" })],
    ["says RS256 and is signed with the secret", signedWithHeader({ alg: "RS256" })],
    ["says nothing of its algorithm", signedWithHeader({ typ: "JWT" })],
    ["does not expire", jwt.sign({ sub: "ada" }, testSecret)],
    ["expires at a word", signedWithHeader({ alg: "HS256" }, { ...claims, exp: "tomorrow" })],
    ["is not valid yet", tokenOf("ada", ["user"], { nbf: nowSeconds + 60 })],
    ["has no subject", tokenOf("ada", ["user"], { sub: undefined })],
    ["has an empty subject", tokenOf("ada", ["user"], { sub: "" })],
    ["has half a character for a subject", signedWithHeader({ alg: "HS256" }, { ...claims, sub: "\ud800" })],
    ["has a number for a subject", signedWithHeader({ alg: "HS256" }, { ...claims, sub: 7 })],
    ["is an ID token", tokenOf("ada", ["user"], { typ: "ID" })],
    ["is a refresh token", tokenOf("ada", ["user"], { typ: "Refresh" })],
    ["is an offline token", tokenOf("ada", ["user"], { typ: "Offline" })],
  ])("CONN-2 a token that %s is unauthenticated", async (_what, token) => {
    await expect(verify(token)).rejects.toMatchObject(refused("unauthenticated"));
  });

  it.each<[string, object, object]>([
    ["a subject that is no id", { sub: "a room:of one's own" }, { userId: "~a=20room=3Aof=20one=27s=20own" }],
    ["a subject that is a path", { sub: "../ada" }, { userId: "~..=2Fada" }],
    ["a subject that is long", { sub: "a".repeat(129) }, { userId: expect.stringMatching(/^~~[\w-]{43}$/) }],
    ["a name that is too long", { name: "a".repeat(201), preferred_username: "al" }, { name: "al" }],
    ["roles in one text", { roles: "admin user" }, { roles: ["user", "admin"] }],
    ["roles that are none", { roles: { admin: true } }, { roles: [] }],
    ["a grant that is none", { grants: [{ room: "broadcast", can: ["everything"] }, grant] }, { grants: [grant] }],
    ["a number for an id", { jti: 17, sid: 2 ** 60 }, { tokenId: "17", sessionId: null }],
    ["an end between two milliseconds", { exp: nowSeconds + 60.123_456 }, { expiresAt: nowSeconds * 1_000 + 60_123 }],
    ["an end beyond all times", { exp: 1e300 }, { expiresAt: 253_402_300_799_999 }],
    ["a beginning in the future", { iat: nowSeconds + 60 }, { issuedAt: null }],
  ])("CONN-12 a token that has %s is valid", async (_what, extra, expected) => {
    const principal = await verify(signedWithHeader({ alg: "HS256" }, { ...claims, ...extra }));

    expect(principal).toMatchObject(expected);
  });

  it.each([
    ["a key pair", jwt.sign({ ...claims, iss: "https://id.example.com" }, privateKey, { algorithm: "RS256" }), {}],
    ["the secret", tokenOf("ada", ["user"], { iss: "https://id.example.com" }), { issuer: "backend" }],
  ])(
    "CONN-2 the refusal of a token of another issuer, signed with %s, names that issuer",
    async (_what, token, options) => {
      await expect(verify(token, options)).rejects.toMatchObject({
        error: {
          code: "unauthenticated",
          message: expect.stringContaining('its issuer, "https://id.example.com", is not one that this server trusts'),
        },
      });
    },
  );

  it("CONN-2 a public key as the secret does not make RS256 tokens valid", async () => {
    const token = jwt.sign(claims, privateKey, { algorithm: "RS256" });

    await expect(verify(token, { secret: publicPem })).rejects.toMatchObject(refused("unauthenticated"));
  });

  it("CONN-2 a token may be marked as an access token", async () => {
    const principal = await verify(tokenOf("ada", ["user"], { typ: "Bearer" }));

    expect(principal.userId).toBe("ada");
  });

  it.each([
    ["of another audience", { aud: "billing", iss: "https://id.example.com" }],
    ["of another issuer", { aud: "chat", iss: "https://evil.example" }],
    ["without an audience", { iss: "https://id.example.com" }],
    ["without an issuer", { aud: "chat" }],
  ])("CONN-2 a token %s is unauthenticated", async (_what, extra) => {
    const options = { audience: "chat", issuer: "https://id.example.com" };

    const verified = verify(tokenOf("ada", ["user"], extra), options);

    await expect(verified).rejects.toMatchObject(refused("unauthenticated"));
  });

  it.each(["chat", ["billing", "chat"]])("CONN-2 a token for the audience %j is accepted", async (aud) => {
    const options = { audience: "chat", issuer: "https://id.example.com" };

    const principal = await verify(tokenOf("ada", ["user"], { aud, iss: "https://id.example.com" }), options);

    expect(principal.userId).toBe("ada");
  });

  it("CONN-2 a token that expired within the last 10 s is valid", async () => {
    const principal = await verify(tokenOf("ada", ["user"], { exp: nowSeconds - 9 }));

    expect(principal.expiresAt).toBe((nowSeconds - 9) * 1_000);
  });

  it.each([11, 3_600])("CONN-2 a token that expired %d s ago is token_expired", async (seconds) => {
    const verified = verify(tokenOf("ada", ["user"], { exp: nowSeconds - seconds }));

    await expect(verified).rejects.toMatchObject(refused("token_expired"));
  });

  it("CONN-2 the server's clock counts", async () => {
    const later = new ManualClock();
    later.advance(7_200_000);

    const verified = verify(tokenOf("ada"), { clock: later });

    await expect(verified).rejects.toMatchObject(refused("token_expired"));
  });

  it.each([
    ["is signed otherwise", jwt.sign({ ...claims, exp: nowSeconds - 60 }, `${testSecret}!`)],
    ["is of another audience", tokenOf("ada", ["user"], { exp: nowSeconds - 60, aud: "billing" })],
    ["is a refresh token", tokenOf("ada", ["user"], { exp: nowSeconds - 60, aud: "chat", typ: "Refresh" })],
    ["has no subject", tokenOf("ada", ["user"], { exp: nowSeconds - 60, aud: "chat", sub: undefined })],
  ])(
    "CONN-2 a token that has expired and %s is unauthenticated, since a new one of its kind would not help",
    async (_what, token) => {
      const verified = verify(token, { audience: "chat" });

      await expect(verified).rejects.toMatchObject(refused("unauthenticated"));
    },
  );

  it("CONN-2 roles may be where Keycloak puts them, and those of other systems are ignored", async () => {
    const realm = { roles: undefined, realm_access: { roles: ["offline_access", "admin", "user", "root"] } };

    const principals = [
      await verify(tokenOf("ada", [], realm)),
      await verify(tokenOf("ada", ["monitor"], { ...realm, roles: ["monitor"] })),
      await verify(tokenOf("ada", [], { roles: undefined })),
    ];

    expect(principals.map(({ roles }) => roles)).toEqual([["user", "admin"], ["monitor"], []]);
  });

  it("CONN-2 the name is the claim name, else the preferred name, else none", async () => {
    const names = [
      await verify(tokenOf("ada", [], { name: "Ada L.", preferred_username: "al" })),
      await verify(tokenOf("ada", [], { name: undefined, preferred_username: "al" })),
      await verify(tokenOf("ada", [], { name: undefined })),
    ].map(({ name }) => name);

    expect(names).toEqual(["Ada L.", "al", null]);
  });

  it("CONN-2 a refusal does not repeat the token", async () => {
    const token = tampered();

    const error: unknown = await verify(token).catch((error: unknown) => error);

    expect(JSON.stringify(error)).not.toContain(token.slice(-20));
    expect(String(error)).not.toContain(testSecret);
  });

  it("CONF-3 the sample tokens are valid, even with an audience and an issuer", async () => {
    const settings = { JWT_AUDIENCE: "chat", JWT_ISSUER: "https://id.example.com" };
    const plain = exampleTokens(testSecret, {});
    const strict = exampleTokens(testSecret, settings);

    const people = [
      ...(await Promise.all(plain.map(({ token }) => verify(token)))),
      ...(await Promise.all(
        strict.map(({ token }) => verify(token, { audience: "chat", issuer: settings.JWT_ISSUER })),
      )),
    ];

    expect(people.map(({ name, roles }) => ({ name, roles }))).toEqual(
      [...plain, ...strict].map(({ name, roles }) => ({ name, roles })),
    );
  });
});
