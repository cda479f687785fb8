import { describe, expect, it } from "@jest/globals";
import { sharedRedis } from "../support/stores.ts";
import { eventually } from "../support/within.ts";
import { sharedEnv, startInstances } from "./cluster.ts";

const admin = { namespace: "/admin", roles: ["admin"] } as const;

describe("admins with two instances", () => {
  it("ADMIN-8 the limit of connections per user holds over all instances, even if all connect at once", async () => {
    const env = { ...(await sharedEnv()), LIMIT_CONNECTIONS_PER_USER: "5" };
    const instances = await startInstances(env, ["A", "B"]);

    const clients = Array.from({ length: 20 }, (_, index) => instances[index % 2]?.client("ada"));
    const outcomes = await Promise.all(
      clients.map(async (client) => {
        await client?.inbox.until(
          () =>
            client.inbox.all.some(({ name }) => name === "system.connection.established" || name === "connect_error"),
          "an answer",
        );
        const [error] = client?.inbox.of<{ data?: { code: string } }>("connect_error") ?? [];
        return error?.data?.code ?? "established";
      }),
    );

    expect(outcomes.filter((outcome) => outcome === "established")).toHaveLength(5);
    expect(outcomes.filter((outcome) => outcome === "limit_exceeded")).toHaveLength(15);
    // The place of one that has gone is another's, also elsewhere.
    clients[outcomes.indexOf("established")]?.close();
    await eventually(async () => {
      const client = instances[1].client("ada");
      await client.inbox.until(() => client.inbox.all.length > 0, "an answer");
      return client.inbox.of("system.connection.established").length > 0;
    }, "the place to be free");
  });

  it("ADMIN-4 an admin closes connections of the other instance", async () => {
    const [a, b] = await startInstances(await sharedEnv(), ["A", "B"]);
    const root = await a.connect("root", admin);
    const [here, there] = [await a.connect("ada"), await b.connect("ada")];
    const bob = await b.connect("bob");
    await eventually(
      async () => (await root.ok("admin.connections", {})).connections.length === 4,
      "all to be in the registry",
    );
    const listed = (await root.ok("admin.connections", { userId: "bob" })).connections[0];

    const all = await root.ok("admin.disconnect", { userId: "ada", reason: "test" });
    const one = await root.ok("admin.disconnect", { connectionId: listed?.connectionId ?? "", reason: "test" });

    expect([all.disconnected, one.disconnected]).toEqual([2, 1]);
    expect(listed?.instanceId).toBe(b.server.instanceId);
    for (const { inbox } of [here, there, bob]) {
      expect(await inbox.one("system.connection.close")).toEqual({ reason: "kicked" });
    }
  });

  it("ADMIN-5 an admin changes the log level of the other instance", async () => {
    const [a, b] = await startInstances(await sharedEnv(), ["A", "B"]);
    const root = await a.connect("root", admin);
    const ada = await b.connect("ada");

    await root.ok("admin.log_level", { level: "debug" });
    await eventually(async () => {
      await ada.command("conversation.list", {});
      return b.lines.some((line) => line.includes('"command":"conversation.list"'));
    }, "the other instance to log commands");
  });

  it("REGISTRY-8 an instance reports everything again after Redis has lost it", async () => {
    const { url } = await sharedRedis();
    const env = await sharedEnv({ url });
    const [a, b] = await startInstances(env, ["A", "B"]);
    const root = await a.connect("root", admin);
    await b.connect("ada");
    const users = async () =>
      (await root.ok("admin.connections", {})).connections.map(({ userId }) => userId).toSorted();
    await eventually(async () => (await users()).length === 2, "both");

    const redis = await sharedRedis();
    await redis.command(
      "EVAL",
      "for _, k in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', k) end",
      "0",
      `${env.REDIS_PREFIX}:{registry}:*`,
    );

    await eventually(async () => (await users()).join() === "ada,root", "both to be told of again");
    await b.connect("bob");
    await eventually(async () => (await users()).join() === "ada,bob,root", "a newcomer");
  });
});
