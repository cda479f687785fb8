import { createHmac, generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import jwt from "jsonwebtoken";
import type { ReplyError } from "../../shared/reply.ts";
import type { TestServer } from "../support/server.ts";
import { testSecret, tokenOf } from "../support/tokens.ts";
import { startTarget } from "./target.ts";

const nowSeconds = Math.floor(Date.now() / 1000);
const claims = { sub: "ada", roles: ["user", "admin", "service"], exp: nowSeconds + 3_600 };
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const pem = publicKey.export({ type: "spki", format: "pem" }).toString();

function hmac(header: object, secret: string, body: object = claims): string {
  const content = `${part(header)}.${part(body)}`;
  return `${content}.${createHmac("sha256", secret).update(content).digest("base64url")}`;
}

const forged: [string, string, string][] = [
  ["none", `${part({ alg: "none" })}.${part(claims)}.`, "unauthenticated"],
  ["nOnE", `${part({ alg: "nOnE" })}.${part(claims)}.`, "unauthenticated"],
  ["no signature", tokenOf("ada").replace(/[^.]+$/, ""), "unauthenticated"],
  ["another secret", jwt.sign(claims, "another secret, of more than 32 bytes"), "unauthenticated"],
  ["an empty secret", hmac({ alg: "HS256" }, ""), "unauthenticated"],
  ["a public key as secret", hmac({ alg: "HS256" }, pem), "unauthenticated"],
  ["an algorithm of another family", jwt.sign(claims, privateKey, { algorithm: "RS256" }), "unauthenticated"],
  ["the secret under another algorithm's name", hmac({ alg: "RS256" }, testSecret), "unauthenticated"],
  [
    "a key that it brings along",
    hmac({ alg: "HS256", jwk: { kty: "oct", k: "AA" }, jku: "http://127.0.0.1:1/" }, "\0"),
    "unauthenticated",
  ],
  ["a path for a key", hmac({ alg: "HS256", kid: "../../../../dev/null" }, ""), "unauthenticated"],
  ["critical headers", hmac({ alg: "HS256", crit: ["exp"] }, testSecret), "unauthenticated"],
  [
    "a subject that is a question",
    hmac({ alg: "HS256" }, testSecret, { ...claims, sub: { $ne: "" } }),
    "unauthenticated",
  ],
  ["its end", jwt.sign({ ...claims, exp: nowSeconds - 60 }, testSecret), "token_expired"],
  ["no end", jwt.sign({ sub: "ada", roles: ["user"] }, testSecret), "unauthenticated"],
];

/** What each door says of a token. */
async function answersTo(server: TestServer, token: string) {
  const client = server.client("x", { auth: { token } });
  const byHeader = server.client("x", {
    auth: { token: undefined },
    io: { extraHeaders: { authorization: `Bearer ${token}` } },
  });
  const plain = server.rawWebSocket(`/ws?token=${encodeURIComponent(token)}`);
  const headers = { authorization: `Bearer ${token}` };
  const http = await server.request("GET", "/api/conversations", { as: null, headers });
  const stream = await server.request("GET", "/api/events?topics=user:ada", {
    as: null,
    headers: { ...headers, accept: "text/event-stream" },
  });
  const cookie = await server.request("GET", "/api/conversations", {
    as: null,
    headers: { cookie: `signalbox_session=${token}`, origin: server.url },
  });
  const refusals = await Promise.all(
    [client, byHeader].map(({ inbox }) => inbox.one<{ data: ReplyError }>("connect_error")),
  );
  const told = await plain.inbox.one<{ error: ReplyError }>("system.error");
  return [
    ...refusals.map(({ data }) => data.code),
    told.error.code,
    http.body.code,
    stream.body.code,
    cookie.body.code,
  ];
}

describe("forged tokens", () => {
  it.each(forged)("SEC-1 a token with %s is refused by every door", async (_what, token, code) => {
    const { server, unharmed } = await startTarget();

    const answers = await answersTo(server, token);

    expect(answers).toEqual([code, code, code, code, code, "unauthenticated"]);
    await unharmed();
  });

  it("SEC-1 an oversized token is refused without being parsed", async () => {
    const { server, unharmed } = await startTarget();
    const token = jwt.sign({ ...claims, more: "x".repeat(100_000) }, testSecret);

    const client = server.client("x", { auth: { token } });
    const refused = await client.inbox.one<{ data: ReplyError }>("connect_error");
    const http = await server.request("GET", "/api/tasks", { as: null, headers: { authorization: `Bearer ${token}` } });

    expect([refused.data.code, http.status]).toEqual(["unauthenticated", 431]);
    await unharmed();
  });
});
