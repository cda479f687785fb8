import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { freePort } from "../support/free-port.ts";
import { installationMs } from "../support/programs.ts";
import { RedisServer } from "../support/redis-server.ts";
import { conversationId, heard, room, say, startInstances, textsOf } from "./cluster.ts";

/** Ada and Bob, on two instances that share nothing with others, hear each other. */
async function talk(env: Record<string, string>): Promise<void> {
  const [a, b] = await startInstances({ ...env, REDIS_PREFIX: randomUUID() }, ["A", "B"]);
  const ada = await a.connect("ada");
  const bob = await b.connect("bob");
  await ada.ok("conversation.create", { id: conversationId, members: ["bob"] });
  await bob.ok("join_room", { room });
  await say(ada, "hello");
  await heard(bob, "hello");
  expect(textsOf(bob)).toEqual(["hello"]);
}

const failure = (env: Record<string, string>) =>
  startInstances(env, ["A"]).then(
    () => "it started",
    (error: Error) => error.message,
  );

describe("Redis over TLS", () => {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-tls-"));
  const file = (name: string) => join(folder, name);
  let redis: RedisServer;
  let url: string;
  beforeAll(async () => {
    const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
    const key = ["-newkey", "rsa:2048", "-nodes", "-days", "1"];
    openssl("req", "-x509", ...key, "-subj", "/CN=Test CA", "-keyout", "ca.key", "-out", "ca.crt");
    const names = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
    const signed = ["-CA", "ca.crt", "-CAkey", "ca.key"];
    openssl(
      "req",
      "-x509",
      ...signed,
      ...key,
      "-subj",
      "/CN=localhost",
      ...names,
      "-keyout",
      "redis.key",
      "-out",
      "redis.crt",
    );
    const port = await freePort();
    const tls = ["--tls-port", `${port}`, "--tls-auth-clients", "no"];
    const files = [
      "--tls-cert-file",
      file("redis.crt"),
      "--tls-key-file",
      file("redis.key"),
      "--tls-ca-cert-file",
      file("ca.crt"),
    ];
    redis = await RedisServer.start([...tls, ...files]);
    url = `rediss://127.0.0.1:${port}`;
  }, installationMs);
  afterAll(async () => {
    await redis.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("TROUBLE-12 the certificate authority can be set as a file or as a PEM", async () => {
    await talk({ REDIS_URL: url, REDIS_CA_CERT: file("ca.crt") });
    await talk({ REDIS_URL: url, REDIS_CA_CERT: readFileSync(file("ca.crt"), "utf8") });
  });

  it("TROUBLE-12 any certificate is accepted if that is configured", async () => {
    await talk({ REDIS_URL: url, REDIS_TLS_INSECURE: "true" });
  });

  it("TROUBLE-12 an untrusted certificate is refused, and the start says so", async () => {
    const message = await failure({ REDIS_URL: url });

    expect(message).toMatch(/^REDIS_URL: cannot connect to rediss:\/\/127\.0\.0\.1:\d+: .*certificate/);
  });

  it("TROUBLE-13 a certificate file that cannot be read is named at the start", async () => {
    const message = await failure({ REDIS_URL: url, REDIS_CA_CERT: file("nowhere.crt") });

    expect(message).toBe(`REDIS_CA_CERT: cannot read ${file("nowhere.crt")}`);
  });
});

describe("a start without Redis", () => {
  it("TROUBLE-13 it fails and names the address that does not answer", async () => {
    const port = await freePort();

    const message = await failure({ REDIS_URL: `redis://user:sesame@127.0.0.1:${port}` });

    expect(message).toBe(
      `REDIS_URL: cannot connect to redis://127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}`,
    );
  });

  it("TROUBLE-13 it fails and says that the password is wrong, without printing it", async () => {
    const redis = await RedisServer.start();
    await redis.command("CONFIG", "SET", "requirepass", "the right one");

    const message = await failure({ REDIS_URL: redis.url.replace("//", "//:sesame@") });
    await redis.close();

    expect(message).toMatch(/^REDIS_URL: cannot connect to redis:\/\/127\.0\.0\.1:\d+: .*WRONGPASS/);
    expect(message).not.toContain("sesame");
  });

  it("TROUBLE-13 it fails if the server at the address is not Redis", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as { port: number };

    const message = await failure({ REDIS_URL: `redis://127.0.0.1:${port}` });
    silent.close();

    expect(message).toMatch(/^REDIS_URL: cannot connect to redis:\/\/127\.0\.0\.1:\d+: \S/);
  });
});
