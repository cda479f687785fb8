import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { installationMs } from "../support/programs.ts";
import { RedisServer } from "../support/redis-server.ts";
import type { TestServer } from "../support/server.ts";
import { eventually } from "../support/within.ts";
import {
  type Client,
  comingsAndGoings,
  conversationId,
  heard,
  messages,
  orderOf,
  room,
  say,
  sharedEnv,
  startInstances,
  statusOf,
  textsOf,
  Writer,
} from "./cluster.ts";

let redis: RedisServer;
beforeEach(async () => {
  redis = await RedisServer.start(["--appendonly", "yes", "--appendfsync", "always"]);
}, installationMs);
afterEach(() => redis.close());

/** Two instances; Ada and Bob on one, Cy and Dan on the other, in one conversation, each pair by both doors. */
async function start(env: Record<string, string> = {}) {
  const [a, b] = await startInstances({ ...(await sharedEnv(redis)), PRESENCE_GRACE_MS: "2000", ...env }, ["A", "B"]);
  const ada = await a.connect("ada");
  await ada.ok("conversation.create", { id: conversationId, members: ["bob", "cy", "dan"] });
  await ada.ok("join_room", { room });
  const bob = await a.connectWebSocket("bob", { query: `&conversation_id=${conversationId}` });
  await bob.inbox.one("reply");
  const cy = await b.connect("cy");
  await cy.ok("join_room", { room });
  const dan = await b.connectWebSocket("dan", { query: `&conversation_id=${conversationId}` });
  await dan.inbox.one("reply");
  await ada.inbox.until(() => comingsAndGoings(ada).includes("+dan 4"), "Dan");
  return { servers: [a, b], a, b, ada, bob, cy, dan, all: [ada, bob, cy, dan] as Client[] };
}

const resets = ({ inbox }: Client) => inbox.of<{ room: string; reason: string }>("system.room.reset");

const connectionsLost = ({ inbox }: Client) => [...inbox.of("disconnect"), ...inbox.of("close")];

/** Everybody has heard exactly what was accepted, in the order of the positions of the replies. Waits; publishes nothing. */
async function expectAllDelivered(all: Client[], writers: Writer[]): Promise<void> {
  const accepted = writers.flatMap((writer) => writer.accepted).sort((a, b) => a.offset - b.offset);
  const expected = accepted.map(({ text }) => text);
  for (const client of all) {
    await client.inbox.until(() => textsOf(client).length >= expected.length, `${expected.length} messages`);
    expect(textsOf(client)).toEqual(expected);
    expect(orderOf(client)).toEqual(orderOf(all[0] as Client));
    expect(messages(client).map(({ position }) => position?.offset)).toEqual(accepted.map(({ offset }) => offset));
  }
}

/** Until it holds, with how long it took. */
async function took(holds: () => boolean | Promise<boolean>, what: string): Promise<number> {
  const since = performance.now();
  await eventually(holds, what);
  return performance.now() - since;
}

const isReady = async (server: TestServer) => (await statusOf(server, "/readyz")) === 200;

describe("Redis killed", () => {
  it("TROUBLE-1 is answered unavailable within 2 s, seen by readiness alone, and got over by itself", async () => {
    const { servers, ada, bob, cy, all } = await start();

    await redis.kill();
    const unreadyMs = await took(async () => !(await isReady(servers[0] as TestServer)), "unreadiness");
    const sent = performance.now();
    const refusals = await Promise.all([
      ada.refused("chat_message", { conversationId, message: "refused" }),
      ada.refused("join_room", { room }),
      ada.refused("history", { room }),
      cy.refused("conversation.create", { id: "new" }),
      cy.refused("conversation.list", {}),
      bob.command("mark_read", { room, position: { epoch: "e", offset: 1 } }).then((reply) => !reply.ok && reply.error),
    ]);
    const answeredMs = performance.now() - sent;
    const health = await Promise.all(servers.map((server) => statusOf(server, "/healthz")));
    const status = await statusOf(servers[0] as TestServer, "/api/websocket/status");
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

  it("TROUBLE-2 nothing accepted is lost, nothing refused is doubled, and all of it comes in order by itself", async () => {
    const { ada, bob, cy, dan, all } = await start();
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

  it("TROUBLE-2 nothing is lost, doubled or out of order when Redis is killed again and again", async () => {
    const { ada, bob, cy, dan, all } = await start();
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

  it("TROUBLE-3 nobody is told of a loss when nothing was lost, and everybody resumes where they were", async () => {
    const { a, ada, bob, all } = await start();
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

  it("TROUBLE-3 a log at rest is left alone after a restart", async () => {
    const { a, ada } = await start();
    await say(ada, "1");
    await heard(ada, "1");

    await redis.kill();
    await redis.restart();
    await eventually(() => isReady(a), "readiness");
    await ada.ok("history", { room });
    const commands = async () => {
      const stats = String(await redis.command("INFO", "stats"));
      return Number(/total_commands_processed:(\d+)/.exec(stats)?.[1]);
    };
    const before = await commands();
    const from = performance.now();
    for (let i = 0; i < 50; i++) await ada.ok("history", { room });
    const perSecond = ((await commands()) - before) / ((performance.now() - from) / 1_000);

    // The fifty, the heartbeats of two instances, and nothing that goes round and round.
    const elapsed = (performance.now() - from) / 1_000;
    expect(perSecond * elapsed).toBeLessThan(50 * 15 + 200 * (elapsed + 1));
  });

  it("TROUBLE-11 who has gone meanwhile is told to have left, who stayed is not", async () => {
    const { a, ada, bob } = await start();

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
  it("TROUBLE-4 is answered unavailable within 2 s, and what was refused does not happen when it goes on", async () => {
    const { servers, ada, bob, cy, all } = await start({ PRESENCE_GRACE_MS: "0" });
    const before = await say(ada, "before");

    redis.pause();
    const hungAt = performance.now();
    const unready = took(async () => !(await isReady(servers[0] as TestServer)), "unreadiness");
    const refused = [];
    const answers: number[] = [];
    while (performance.now() - hungAt < 6_000) {
      const sent = performance.now();
      // Without an id there is no telling it from another one.
      const commands = [ada, bob, cy].map((client) =>
        client.command("chat_message", { conversationId, message: "must not be" }),
      );
      refused.push(...(await Promise.all(commands)), await cy.command("conversation.create", { id: "must-not-be" }));
      answers.push((performance.now() - sent) / 2);
    }
    const health = await statusOf(servers[1] as TestServer, "/healthz");
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
  }, 30_000);

  it("TROUBLE-4 nothing accepted is lost, nothing is doubled or out of order under load", async () => {
    const { ada, bob, cy, dan, all } = await start();
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
  it.each([
    ["TROUBLE-7 forgets its scripts", ["SCRIPT", "FLUSH"]],
    ["TROUBLE-7 drops the connections for commands", ["CLIENT", "KILL", "TYPE", "normal"]],
    ["TROUBLE-7 is slow for a second", ["CLIENT", "PAUSE", "1000"]],
    ["TROUBLE-8 drops the subscriptions", ["CLIENT", "KILL", "TYPE", "pubsub"]],
  ])("%s: nothing is refused, and everything comes in order", async (_title, command) => {
    const { ada, bob, cy, dan, all } = await start();
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
  });
});

describe("Redis restarted empty", () => {
  it("TROUBLE-5 everybody in a room is told, nobody resumes as if nothing had been, and live goes on", async () => {
    const { servers, a, ada, cy, all } = await start();
    const { position } = await say(ada, "lost");
    for (const client of all) await heard(client, "lost");

    await redis.command("FLUSHALL");
    await redis.kill();
    await redis.restart();
    for (const client of all) {
      await client.inbox.until(() => resets(client).some((reset) => reset.room === room), "the reset");
    }
    await eventually(async () => (await Promise.all(servers.map(isReady))).every(Boolean), "readiness");
    // The conversation was kept in Redis, too.
    const refusal = await ada.refused("conversation.rename", { conversationId, title: "?" });
    await ada.ok("conversation.create", { id: conversationId, members: ["bob", "cy", "dan"] });
    await say(cy, "live");
    for (const client of all) await heard(client, "live");
    const joined = await (await a.connect("cy")).ok("join_room", { room, after: position });
    const { members } = await ada.ok("join_room", { room });

    expect(refusal.code).toBe("not_found");
    for (const client of all) {
      const own = resets(client).filter((reset) => reset.room === room);
      expect(own).toMatchObject([{ reason: "epoch_changed" }]);
      expect(textsOf(client)).toEqual(["lost", "live"]);
      expect(connectionsLost(client)).toEqual([]);
    }
    expect(joined).toMatchObject({ joined: true, recovered: false, lostReason: "epoch_changed" });
    expect(joined.position.epoch).not.toBe(position.epoch);
    expect(members.map(({ userId }) => userId).sort()).toEqual(["ada", "bob", "cy", "dan"]);
    expect(comingsAndGoings(ada).filter((change) => change.startsWith("-"))).toEqual([]);
  });

  it("TROUBLE-5 notifications and announcements go on, without anything being made anew", async () => {
    const { a, b, cy } = await start();
    const admin = await a.connect("root", { namespace: "/admin", roles: ["admin"] });

    await redis.command("FLUSHALL");
    await admin.ok("admin.announce", { message: "all is new", level: "info" });
    await b.request("POST", "/api/users/cy/notifications", {
      as: "backend",
      roles: ["service"],
      body: { title: "new", level: "info" },
    });

    expect((await cy.one(EventType.Announcement)).data.message).toBe("all is new");
    expect((await cy.one(EventType.Notification)).data.title).toBe("new");
    expect(new Set(resets(cy).map((reset) => reset.room))).toEqual(new Set(["broadcast", "user:cy"]));
  });
});

describe("Redis out of memory", () => {
  it("TROUBLE-6 is answered unavailable, changes nothing, and is got over by itself", async () => {
    const { servers, ada, cy, all } = await start();
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
    const health = await statusOf(servers[0] as TestServer, "/healthz");
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
