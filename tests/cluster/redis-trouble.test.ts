import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { installationMs } from "../support/programs.ts";
import { RedisServer } from "../support/redis-server.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { TestClient } from "../support/test-client.ts";
import { tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";
import {
  comingsAndGoings,
  connectionsLost,
  conversationId,
  expectAllDelivered,
  heard,
  isReady,
  resets,
  room,
  say,
  sharedEnv,
  startInstances,
  startPair,
  statusOf,
  textsOf,
  took,
  Writer,
} from "./cluster.ts";

let redis: RedisServer;
beforeEach(async () => {
  redis = await RedisServer.start(["--appendonly", "yes", "--appendfsync", "always"]);
}, installationMs);
afterEach(() => redis.close());

describe("Redis killed", () => {
  it("TROUBLE-16 a stock client that connects during the outage reconnects by itself and is admitted", async () => {
    const [server] = await startInstances(await sharedEnv(redis), ["A"]);
    const eager = { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 100 };

    await redis.kill();
    const client = new TestClient(server.url, "/chat", { auth: { token: tokenOf("ada") }, ...eager });
    try {
      // By then it is known that Redis is away; before, the client was let in as far as the namespace.
      await client.inbox.one("connect_error");
      await redis.restart();
      await client.inbox.one("system.connection.established");

      const refusals = client.inbox.of<{ data?: unknown }>("connect_error").filter(({ data }) => data !== undefined);
      expect(refusals).toEqual([]);
      expect(client.inbox.of("system.connection.established")).toHaveLength(1);
    } finally {
      client.close();
    }
  });

  it("TROUBLE-1 commands are answered unavailable within 2 s, only readiness changes, and the server recovers by itself", async () => {
    const { servers, ada, bob, cy, all } = await startPair(redis);
    const elsewhere = await servers[1].connect("bob");

    await redis.kill();
    const unreadyMs = await took(async () => !(await isReady(servers[0])), "unreadiness");
    const sinceSent = stopwatch();
    const refusals = await Promise.all([
      ada.refused("chat_message", { conversationId, message: "refused" }),
      elsewhere.refused("join_room", { room }),
      ada.refused("history", { room }),
      cy.refused("conversation.create", { id: "new" }),
      cy.refused("conversation.list", {}),
      bob.command("mark_read", { room, position: { epoch: "e", offset: 1 } }).then((reply) => !reply.ok && reply.error),
    ]);
    const answeredMs = sinceSent();
    const health = await Promise.all(servers.map((server) => statusOf(server, "/healthz")));
    const status = await statusOf(servers[0], "/api/websocket/status");
    await redis.restart();
    const readyMs = await took(async () => (await Promise.all(servers.map(isReady))).every(Boolean), "readiness");
    await say(cy, "again");
    for (const client of all) await heard(client, "again");

    expect(unreadyMs).toBeLessThan(5_000);
    expect(answeredMs).toBeLessThan(2_000);
    for (const refusal of refusals) expect(refusal).toMatchObject({ code: "unavailable", retryable: true });
    expect(health).toEqual([200, 200]);
    expect(status).toBe(503);
    expect(readyMs).toBeLessThan(5_000);
    for (const client of all) expect(connectionsLost(client)).toEqual([]);
    expect(textsOf(ada)).toEqual(["again"]);
  });

  it("TROUBLE-2 nothing accepted is lost, nothing refused is published, and everything arrives in order", async () => {
    const { ada, bob, cy, dan, all } = await startPair(redis);
    const writers = [ada, bob, cy, dan].map((client, index) => new Writer(client, `w${index}`));
    await eventually(() => writers.every(({ accepted }) => accepted.length > 50), "some load");

    await redis.kill();
    await eventually(() => writers.every(({ refusals }) => refusals.length > 1), "refusals");
    await redis.restart();
    const before = writers.map(({ accepted }) => accepted.length);
    await eventually(() => writers.every(({ accepted }, i) => accepted.length > (before[i] ?? 0) + 20), "more load");
    await Promise.all(writers.map((writer) => writer.stop()));

    await expectAllDelivered(all, writers);
    for (const { answers, refusals } of writers) {
      expect(new Set(refusals.map(({ code }) => code))).toEqual(new Set(["unavailable"]));
      expect(Math.max(...answers.map(({ afterMs }) => afterMs))).toBeLessThan(2_000);
    }
  });

  it("TROUBLE-2 nothing is lost, duplicated or reordered when Redis is killed repeatedly", async () => {
    const { ada, bob, cy, dan, all } = await startPair(redis);
    const writers = [ada, bob, cy, dan].map((client, index) => new Writer(client, `w${index}`));

    for (let round = 0; round < 5; round++) {
      const before = writers.map(({ accepted }) => accepted.length);
      await eventually(() => writers.every(({ accepted }, i) => accepted.length > (before[i] ?? 0) + 20), "some load");
      await redis.kill();
      await redis.restart();
    }
    await Promise.all(writers.map((writer) => writer.stop()));

    await expectAllDelivered(all, writers);
    for (const client of all) expect(resets(client)).toEqual([]);
  });

  it("TROUBLE-3 no loss is reported when nothing was lost, and all clients resume from their positions", async () => {
    const { a, ada, bob, all } = await startPair(redis);
    const { position } = await say(ada, "1");
    await say(ada, "2");
    for (const client of all) await heard(client, "2");

    await redis.kill();
    await redis.restart();
    await eventually(() => isReady(a), "readiness");
    const quiet = await (await a.connect("cy")).ok("join_room", { room, after: position });
    await say(ada, "3");
    for (const client of all) await heard(client, "3");
    const resumed = await (await a.connect("cy")).ok("join_room", { room, after: position });
    const { events } = await ada.ok("history", { room });

    for (const client of all) expect(resets(client)).toEqual([]);
    expect(quiet).toMatchObject({ joined: true, recovered: true, events: [{ data: { message: "2" } }] });
    expect(resumed).toMatchObject({ joined: true, recovered: true });
    expect(resumed.events.map(({ data }) => (data as { message: string }).message)).toEqual(["2", "3"]);
    expect(events).toHaveLength(3);
    expect(textsOf(bob)).toEqual(["1", "2", "3"]);
  });

  it("TROUBLE-3 a log without new events keeps its epoch after a restart", async () => {
    const { a, ada } = await startPair(redis);
    await say(ada, "1");
    await heard(ada, "1");

    await redis.kill();
    await redis.restart();
    await eventually(() => isReady(a), "readiness");
    const reads = async () => {
      const stats = String(await redis.command("INFO", "commandstats"));
      return Number(/cmdstat_xrange:calls=(\d+)/.exec(stats)?.[1] ?? 0);
    };
    const before = await reads();
    for (let i = 0; i < 50; i++) await ada.ok("history", { room });

    // Nobody reads but those fifty, and a check now and then.
    expect((await reads()) - before).toBeLessThan(2 * 50);
  });

  it("TROUBLE-11 users who left during the outage are reported as having left, and users who stayed are not", async () => {
    const { a, ada, bob } = await startPair(redis);

    await redis.kill();
    bob.close();
    await bob.inbox.one("close");
    await ada.refused("history", { room });
    await redis.restart();
    await eventually(() => isReady(a), "readiness");
    await ada.inbox.until(() => comingsAndGoings(ada).includes("-bob 3"), "the end of Bob");
    const { members } = await ada.ok("join_room", { room });

    expect(members.map(({ userId }) => userId)).toEqual(["ada", "cy", "dan"]);
    expect(comingsAndGoings(ada)).toEqual(["+ada 1", "+bob 2", "+cy 3", "+dan 4", "-bob 3"]);
  });
});

describe("Redis hung", () => {
  it("TROUBLE-4 commands are answered unavailable within 2 s, and refused ones are not executed when Redis continues", async () => {
    const { servers, ada, bob, cy, all } = await startPair(redis, { PRESENCE_GRACE_MS: "0" });
    const before = await say(ada, "before");

    redis.pause();
    const clock = stopwatch();
    const unready = took(async () => !(await isReady(servers[0])), "unreadiness");
    const refused = [];
    const answers: number[] = [];
    while (clock() < 6_000) {
      const sent = clock();
      // Without an id there is no telling it from another one.
      const commands = [ada, bob, cy].map((client) =>
        client.command("chat_message", { conversationId, message: "must not be" }),
      );
      refused.push(...(await Promise.all(commands)), await cy.command("conversation.create", { id: "must-not-be" }));
      answers.push((clock() - sent) / 2);
    }
    const health = await statusOf(servers[1], "/healthz");
    redis.resume();
    const readyMs = await took(async () => (await Promise.all(servers.map(isReady))).every(Boolean), "readiness");
    await say(cy, "after");
    for (const client of all) await heard(client, "after");
    const { events } = await ada.ok("history", { room });
    const { conversations } = await cy.ok("conversation.list", {});

    expect(await unready).toBeLessThan(5_000);
    expect(Math.max(...answers)).toBeLessThan(2_000);
    for (const reply of refused) expect(reply).toMatchObject({ ok: false, error: { code: "unavailable" } });
    expect(health).toBe(200);
    expect(readyMs).toBeLessThan(5_000);
    expect(events.map(({ data }) => (data as { message: string }).message)).toEqual(["before", "after"]);
    expect(conversations.map(({ id }) => id)).toEqual([conversationId]);
    expect(before.position.offset).toBe(1);
    for (const client of all) {
      expect(connectionsLost(client)).toEqual([]);
      expect(resets(client)).toEqual([]);
    }
    // Nobody was taken for dead, though nobody could say that they lived.
    const { members } = await ada.ok("join_room", { room });
    expect(members).toHaveLength(4);
    expect(comingsAndGoings(ada)).toEqual(["+ada 1", "+bob 2", "+cy 3", "+dan 4"]);
  });

  it("TROUBLE-4 nothing accepted is lost, duplicated or reordered under load", async () => {
    const { ada, bob, cy, dan, all } = await startPair(redis);
    const writers = [ada, bob, cy, dan].map((client, index) => new Writer(client, `w${index}`));
    await eventually(() => writers.every(({ accepted }) => accepted.length > 50), "some load");

    redis.pause();
    await eventually(() => writers.every(({ refusals }) => refusals.length > 2), "refusals");
    redis.resume();
    const before = writers.map(({ accepted }) => accepted.length);
    await eventually(() => writers.every(({ accepted }, i) => accepted.length > (before[i] ?? 0) + 20), "more load");
    await Promise.all(writers.map((writer) => writer.stop()));

    await expectAllDelivered(all, writers);
  });
});

describe("Redis disturbed under load", () => {
  /** Three times while everybody writes. */
  async function disturb(...command: string[]): Promise<void> {
    const { ada, bob, cy, dan, all } = await startPair(redis);
    const writers = [ada, bob, cy, dan].map((client, index) => new Writer(client, `w${index}`));

    for (let round = 0; round < 3; round++) {
      const before = writers.map(({ accepted }) => accepted.length);
      await eventually(() => writers.every(({ accepted }, i) => accepted.length > (before[i] ?? 0) + 20), "some load");
      await redis.command(...command);
    }
    await Promise.all(writers.map((writer) => writer.stop()));

    await expectAllDelivered(all, writers);
    for (const { refusals } of writers) expect(refusals).toEqual([]);
    for (const client of all) {
      expect(resets(client)).toEqual([]);
      expect(connectionsLost(client)).toEqual([]);
    }
  }

  it("TROUBLE-7 a flush of the script cache is not noticed by any client", () => disturb("SCRIPT", "FLUSH"));

  it("TROUBLE-7 dropped connections are not noticed by any client", () => disturb("CLIENT", "KILL", "TYPE", "normal"));

  it("TROUBLE-7 a delay of one second is not noticed by any client", () => disturb("CLIENT", "PAUSE", "1000"));

  it("TROUBLE-8 events announced while the subscriptions were lost are delivered in order", () =>
    disturb("CLIENT", "KILL", "TYPE", "pubsub"));
});

describe("Redis out of memory", () => {
  it("TROUBLE-6 commands are answered unavailable, change nothing, and work again by themselves", async () => {
    const { servers, ada, cy, all } = await startPair(redis);
    await ada.one(EventType.ConversationUpdated);
    await say(ada, "before");
    const used = Number(/used_memory:(\d+)/.exec(String(await redis.command("INFO", "memory")))?.[1]);

    await redis.command("CONFIG", "SET", "maxmemory-policy", "noeviction");
    await redis.command("CONFIG", "SET", "maxmemory", "1mb");
    const refusals = await Promise.all([
      ada.refused("chat_message", { conversationId, message: "refused" }),
      ada.refused("conversation.create", { id: "refused" }),
      ada.refused("conversation.rename", { conversationId, title: "refused" }),
      ada.refused("conversation.add_members", { conversationId, userIds: ["eve"] }),
    ]);
    const read = await ada.ok("history", { room });
    const health = await statusOf(servers[0], "/healthz");
    await redis.command("CONFIG", "SET", "maxmemory", "0");
    await say(cy, "after");
    for (const client of all) await heard(client, "after");
    const { conversations } = await ada.ok("conversation.list", {});
    const { events } = await ada.ok("history", { room });

    expect(used).toBeGreaterThan(1_048_576);
    for (const refusal of refusals) expect(refusal).toMatchObject({ code: "unavailable" });
    expect(read.events).toHaveLength(1);
    expect(health).toBe(200);
    expect(conversations).toMatchObject([{ id: conversationId, members: ["ada", "bob", "cy", "dan"] }]);
    expect(conversations[0]).not.toHaveProperty("title");
    expect(events.map(({ data }) => (data as { message: string }).message)).toEqual(["before", "after"]);
    expect(ada.seen(EventType.ConversationUpdated).map(({ data }) => data.change)).toEqual(["created"]);
    for (const client of all) expect(resets(client)).toEqual([]);
  });
});
