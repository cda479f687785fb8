import { afterEach, describe, expect, it } from "@jest/globals";
import { RedisServer } from "../support/redis-server.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { eventually } from "../support/within.ts";
import { conversationId, isReady, room, say, sharedEnv } from "./cluster.ts";

let redis: RedisServer;
afterEach(() => redis.close());

/** As an operator would like to have it. */
const safely = ["--appendonly", "yes", "--appendfsync", "always"];
const noPermission = { user: "limited", password: "sesame" };
const urlOf = ({ user, password }: typeof noPermission) => redis.url.replace("//", `//${user}:${password}@`);

const start = async (env: Record<string, string> = {}, url = redis.url) =>
  startServer({ store: "memory", env: { ...(await sharedEnv({ url })), ...env } });

const failure = (env: Record<string, string> = {}, url?: string) =>
  start(env, url).then(
    () => "it started",
    (error: Error) => error.message,
  );

interface Line {
  level: string;
  message: string;
  reason?: string;
}
const linesOf = (server: TestServer) => server.lines.map((line) => JSON.parse(line) as Line);
const aboutRedis = (server: TestServer) =>
  linesOf(server).flatMap(({ level, message }) => (message.startsWith("REDIS_URL") ? `${level} ${message}` : []));
const refusals = (server: TestServer) => linesOf(server).filter(({ message }) => message === "Redis refuses commands");

const readiness = async (server: TestServer) => (await server.request("GET", "/readyz", { as: null })).body;

describe("the configuration of Redis", () => {
  it("TROUBLE-19 a node of a Redis Cluster is refused at the start", async () => {
    redis = await RedisServer.start([...safely, "--cluster-enabled", "yes"]);

    expect(await failure()).toBe(
      `REDIS_URL: ${redis.url} cannot be used: it is a node of a Redis Cluster, which is not supported: use a Redis with cluster-enabled no`,
    );
  });

  it("TROUBLE-19 a Redis that evicts keys is refused in production, and causes a warning elsewhere", async () => {
    redis = await RedisServer.start([...safely, "--maxmemory-policy", "allkeys-lru"]);

    expect(await failure({ NODE_ENV: "production" })).toMatch(/maxmemory-policy is allkeys-lru.*set it to noeviction$/);
    const server = await start();
    expect(aboutRedis(server)).toEqual([expect.stringMatching(/^warn REDIS_URL: its maxmemory-policy is allkeys-lru/)]);
    expect(await readiness(server)).toEqual({
      status: "ready",
      warnings: [expect.stringMatching("maxmemory-policy is allkeys-lru")],
    });
  });

  it("TROUBLE-19 a Redis that does not allow INFO is refused in production, and causes a warning elsewhere", async () => {
    redis = await RedisServer.start(safely);
    await redis.command("ACL", "SETUSER", "limited", "on", ">sesame", "~*", "&*", "+@all", "-info", "-config");

    expect(await failure({ NODE_ENV: "production" }, urlOf(noPermission))).toMatch(/cannot be used: .*\+info/);
    const server = await start({}, urlOf(noPermission));
    expect(await readiness(server)).toEqual({ status: "ready", warnings: [expect.stringMatching("INFO")] });
  });

  it("TROUBLE-19 settings that can lose events cause one warning, at /readyz and for operators, even if they change later", async () => {
    redis = await RedisServer.start(["--appendonly", "yes", "--appendfsync", "everysec"]);
    const server = await start({ NODE_ENV: "production" });
    const appendfsync =
      "its appendfsync is everysec, so a crash of its machine can lose accepted events: set it to always";

    expect(aboutRedis(server)).toEqual([`warn REDIS_URL: ${appendfsync}`]);
    const admin = await server.connect("root", { namespace: "/admin", roles: ["admin"] });
    const { instances } = await admin.ok("admin.instances", {});
    expect(instances).toMatchObject([{ warnings: [appendfsync] }]);

    await redis.command("CONFIG", "SET", "maxmemory-policy", "volatile-lru");
    await redis.command("CLIENT", "KILL", "TYPE", "normal");
    await eventually(async () => JSON.stringify(await readiness(server)).includes("volatile-lru"), "the new warning");
    await eventually(() => isReady(server), "readiness");
    expect(aboutRedis(server)).toEqual([
      `warn REDIS_URL: ${appendfsync}`,
      expect.stringMatching(/^warn REDIS_URL: its maxmemory-policy is volatile-lru/),
    ]);
  });

  it("TROUBLE-19 a Redis with the right settings causes no warning", async () => {
    redis = await RedisServer.start(safely);
    const server = await start({ NODE_ENV: "production" });

    expect(aboutRedis(server)).toEqual([]);
    expect(await readiness(server)).toEqual({ status: "ready" });
  });
});

describe("a Redis that refuses commands", () => {
  it.each([
    ["NOPERM", ["ACL", "SETUSER", "limited", "-@write"], ["ACL", "SETUSER", "limited", "+@write"]],
    ["NOPERM", ["ACL", "SETUSER", "limited", "-evalsha", "-eval"], ["ACL", "SETUSER", "limited", "+evalsha", "+eval"]],
    ["WRONGPASS", ["ACL", "SETUSER", "limited", "off"], ["ACL", "SETUSER", "limited", "on"]],
    ["READONLY", ["REPLICAOF", "127.0.0.1", "1"], ["REPLICAOF", "NO", "ONE"]],
  ] as const)(
    "TROUBLE-20 while Redis refuses with %s, commands are answered unavailable and it is logged once (%s)",
    async (kind, ail, heal) => {
      redis = await RedisServer.start(safely);
      await redis.command("ACL", "SETUSER", "limited", "on", ">sesame", "~*", "&*", "+@all");
      const server = await start({}, urlOf(noPermission));
      const ada = await server.connect("ada");
      await ada.ok("conversation.create", { id: conversationId, members: ["bob"] });
      await ada.ok("join_room", { room });

      const before = server.lines.length;
      await redis.command(...ail);
      if (kind === "WRONGPASS") await redis.command("CLIENT", "KILL", "USER", "limited");
      for (let i = 0; i < 5; i++) {
        expect(await ada.refused("chat_message", { conversationId, message: "refused" })).toMatchObject({
          code: "unavailable",
        });
      }
      await eventually(() => refusals(server).length > 0, "the line in the log");
      const levels = linesOf(server)
        .slice(before)
        .filter(({ message }) => !message.startsWith("Redis: connection"));
      expect(levels.filter(({ level }) => level === "error" || level === "warn")).toEqual([
        expect.objectContaining({ message: "Redis refuses commands", kind, reason: expect.any(String) }),
      ]);

      await redis.command(...heal);
      await eventually(() => isReady(server), "readiness");
      await eventually(
        () => linesOf(server).some(({ message }) => message === "Redis takes commands again"),
        "the line that it is over",
      );
      await say(ada, "again");
      expect(refusals(server)).toHaveLength(1);
    },
  );

  it("TROUBLE-13 a start without the password that Redis requires says so", async () => {
    redis = await RedisServer.start(safely);
    await redis.command("CONFIG", "SET", "requirepass", "sesame");

    expect(await failure()).toMatch(/^REDIS_URL: cannot connect to redis:\/\/127\.0\.0\.1:\d+: NOAUTH /);
  });

  it("TROUBLE-21 a start waits for as long as Redis loads its data", async () => {
    // 7 s: longer than any other trouble is waited for.
    const slowly = ["--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024"];
    redis = await RedisServer.start([...safely, ...slowly]);
    await redis.command("EVAL", "for i = 1, 7000 do redis.call('SET', 'key:' .. i, i) end", "0");
    await redis.kill();

    const [server] = await Promise.all([start(), redis.restart()]);

    expect(linesOf(server).filter(({ message }) => message === "Redis is loading its data: waiting")).toHaveLength(1);
    expect(await readiness(server)).toEqual({ status: "ready" });
  });
});
