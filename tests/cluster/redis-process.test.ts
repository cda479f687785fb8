import { afterEach, describe, expect, it } from "@jest/globals";
import { Program } from "../support/program.ts";
import { installationMs } from "../support/programs.ts";
import { RedisServer } from "../support/redis-server.ts";
import { TestClient } from "../support/test-client.ts";
import { testSecret, tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";
import { conversationId, expectAllDelivered, room, sharedEnv, Writer } from "./cluster.ts";

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

describe("the process while Redis fails", () => {
  it(
    "TROUBLE-1 it survives, without an uncaught rejection, whatever is under way",
    async () => {
      // Slow to load, so that it is connected to long before it answers.
      const slowly = ["--key-load-delay", "2000", "--loading-process-events-interval-bytes", "1024"];
      const redis = await RedisServer.start(["--appendonly", "yes", "--appendfsync", "always", ...slowly]);
      opened.push(redis);
      const program = new Program({
        ...(await sharedEnv(redis)),
        JWT_SECRET: testSecret,
        DRAIN_MS: "500",
        LOG_FORMAT: "json",
      });
      const url = await program.says(/"url":"([^"]+)"/);
      const connect = (sub: string) => {
        const client = new TestClient(url, "/chat", { auth: { token: tokenOf(sub) }, reconnection: false });
        opened.push(client);
        return client;
      };
      const clients = ["ada", "bob"].map(connect);
      for (const { inbox } of clients) await inbox.one("system.connection.established");
      await clients[0]?.ok("conversation.create", { id: conversationId, members: ["bob"] });
      for (const client of clients) await client.ok("join_room", { room });
      const writers = clients.map((client, index) => new Writer(client, `w${index}`));
      const typing = clients.map((client) => async () => {
        await client.command("typing_indicator", { conversationId, isTyping: true });
      });
      let isOver = false;
      const signals = typing.map(async (type) => {
        while (!isOver) await type();
      });

      for (let round = 0; round < 2; round++) {
        const before = writers.map(({ accepted }) => accepted.length);
        await eventually(
          () => writers.every(({ accepted }, i) => accepted.length > (before[i] ?? 0) + 20),
          "some load",
        );
        await redis.kill();
        const refusals = writers.map((writer) => writer.refusals.length);
        // Somebody comes and somebody goes, and neither can be written down.
        const unlucky = connect("bob");
        await unlucky.inbox.until(() => unlucky.inbox.all.length > 0, "an answer");
        unlucky.close();
        await eventually(() => writers.every((writer, i) => writer.refusals.length > (refusals[i] ?? 0)), "refusals");
        await redis.restart();
      }
      await Promise.all(writers.map((writer) => writer.stop()));
      isOver = true;
      await Promise.all(signals);

      await expectAllDelivered(clients, writers);
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
      expect(program.output).toContain("connection lost");
      expect(program.output).not.toContain("nobody caught");
      program.signal("SIGINT");
      expect(await program.end()).toBe(0);
    },
    installationMs,
  );

  it("TROUBLE-13 it does not start without Redis, and names the address that it tried", async () => {
    const program = new Program({ JWT_SECRET: testSecret, REDIS_URL: "redis://:sesame@127.0.0.1:1" });

    const code = await program.end();

    expect(code).toBe(1);
    expect(program.output).toContain("REDIS_URL: cannot connect to redis://127.0.0.1:1: connect ECONNREFUSED");
    expect(program.output).not.toContain("sesame");
  });
});
