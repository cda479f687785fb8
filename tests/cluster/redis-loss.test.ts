import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { redisKeys } from "../../server/store/redis/redis-keys.ts";
import type { LoggedEnvelope } from "../../shared/envelope.ts";
import { EventType } from "../../shared/event-type.ts";
import { formatPosition } from "../../shared/position.ts";
import { messageEnvelope, textOf, uniqueLog } from "../support/envelopes.ts";
import { installationMs } from "../support/programs.ts";
import { RedisServer } from "../support/redis-server.ts";
import { openStore } from "../support/stores.ts";
import { eventually } from "../support/within.ts";
import {
  allReady,
  comingsAndGoings,
  connectionsLost,
  conversationId,
  heard,
  messages,
  resets,
  room,
  say,
  startPair,
  textsOf,
} from "./cluster.ts";

/** Keeps nothing but what it is told to save: killed and restarted, it is as it was then. */
let redis: RedisServer;
beforeEach(async () => {
  redis = await RedisServer.start();
}, installationMs);
afterEach(() => redis.close());

describe("Redis restarted without data", () => {
  it("TROUBLE-5 every client in a room is notified, none resumes as if nothing was lost, and new events arrive", async () => {
    const { servers, a, ada, cy, all } = await startPair(redis);
    const { position } = await say(ada, "lost");
    for (const client of all) await heard(client, "lost");

    await redis.kill();
    await redis.restart();
    for (const client of all) {
      await client.inbox.until(() => resets(client).some((reset) => reset.room === room), "the reset");
    }
    await allReady(servers);
    // The conversation was kept in Redis, too.
    const refusal = await ada.refused("conversation.rename", { conversationId, title: "?" });
    await ada.ok("conversation.create", { id: conversationId, members: ["bob", "cy", "dan"] });
    await say(cy, "live");
    for (const client of all) await heard(client, "live");
    const joined = await (await a.connect("cy")).ok("join_room", { room, after: position });
    // Each instance says anew who is there, in its own time.
    const present = async () => (await ada.ok("join_room", { room })).members.map(({ userId }) => userId).sort();
    await eventually(async () => (await present()).length === 4, "everybody to be present");

    expect(refusal.code).toBe("not_found");
    for (const client of all) {
      const own = resets(client).filter((reset) => reset.room === room);
      expect(own).toMatchObject([{ reason: "epoch_changed" }]);
      expect(textsOf(client)).toEqual(["lost", "live"]);
      expect(connectionsLost(client)).toEqual([]);
    }
    expect(joined).toMatchObject({ joined: true, recovered: false, lostReason: "epoch_changed" });
    expect(joined.position.epoch).not.toBe(position.epoch);
    expect(await present()).toEqual(["ada", "bob", "cy", "dan"]);
    expect(comingsAndGoings(ada).filter((change) => change.startsWith("-"))).toEqual([]);
  });

  it("TROUBLE-5 notifications and announcements work again without a new connection", async () => {
    const { a, b, cy } = await startPair(redis);
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
    // That of a conversation in which nothing is said is found when somebody looks.
    const reset = new Set(resets(cy).map((told) => told.room));
    expect([...reset]).toEqual(expect.arrayContaining(["broadcast", "user:cy"]));
  });
});

describe("Redis restarted without its latest data", () => {
  it("TROUBLE-9 every client is notified, no position is reused for another event, and the remaining events can be read", async () => {
    const { servers, a, b, ada, cy, all } = await startPair(redis);
    for (const text of ["1", "2", "3"]) await say(ada, text);
    await redis.command("SAVE");
    for (const text of ["4", "5"]) await say(ada, text);
    for (const client of all) await heard(client, "5");
    const [second, last] = [messages(ada)[1], messages(ada)[4]];

    await redis.kill();
    await redis.restart();
    for (const client of all) {
      await client.inbox.until(() => resets(client).some((reset) => reset.room === room), "the reset");
    }
    await allReady(servers);
    for (const text of ["6", "7"]) await say(cy, text);
    for (const client of all) await heard(client, "7");
    const joins = [];
    for (const { position } of [second, last] as LoggedEnvelope[]) {
      for (const server of [a, b]) {
        joins.push(await (await server.connect("ada")).ok("join_room", { room, after: position }));
      }
    }
    const { events } = await ada.ok("history", { room });

    for (const client of all) {
      expect(resets(client).filter((reset) => reset.room === room)).toMatchObject([{ reason: "epoch_changed" }]);
      expect(textsOf(client)).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
      const positions = messages(client).map(({ position }) => position && formatPosition(position));
      expect(new Set(positions).size).toBe(7);
      expect(connectionsLost(client)).toEqual([]);
    }
    for (const joined of joins) {
      expect(joined).toMatchObject({ joined: true, recovered: false, lostReason: "epoch_changed" });
    }
    expect(events.map(({ data }) => data.message)).toEqual(["1", "2", "3", "6", "7"]);
  });

  it("TROUBLE-9 the loss is detected even if an instance that does not know of it has used the log first", async () => {
    const env = { REDIS_URL: redis.url, REDIS_PREFIX: randomUUID() };
    const log = uniqueLog();
    const { log: knowing } = await openStore("redis", { env });
    for (const text of ["1", "2"]) await knowing.append(log, messageEnvelope(text));
    await redis.command("SAVE");
    const { position: lost } = await knowing.append(log, messageEnvelope("lost"));

    await redis.kill();
    await redis.restart();
    const { log: unknowing } = await openStore("redis", { env });
    const { position: since } = await unknowing.append(log, messageEnvelope("since"));
    const bounds = await knowing.bounds(log);
    const { position: then } = await unknowing.append(log, messageEnvelope("then"));
    const { events } = await knowing.read(log, bounds.first - 1, 10);
    const { events: all } = await unknowing.readBack(log, undefined, 10);

    expect(since.offset).toBeGreaterThan(lost.offset);
    expect(bounds.epoch).not.toBe(lost.epoch);
    expect(then.epoch).toBe(bounds.epoch);
    // What was accepted since is kept, and delivered to those who were told of the loss.
    expect(events.map(textOf)).toEqual(["since", "then"]);
    expect(all.map(textOf)).toEqual(["1", "2", "since", "then"]);
    expect(all.map(({ position }) => position.epoch)).toEqual(all.map(() => bounds.epoch));
  });

  it("TROUBLE-9 no position is reused, however often the same data is lost", async () => {
    const env = { REDIS_URL: redis.url, REDIS_PREFIX: randomUUID() };
    const log = uniqueLog();
    const { log: first } = await openStore("redis", { env });
    await first.append(log, messageEnvelope("kept"));
    await redis.command("SAVE");

    const given: string[] = [];
    for (let round = 0; round < 5; round++) {
      // Each time somebody new, who knows of nothing.
      const { log: another } = await openStore("redis", { env });
      for (let i = 0; i < 20; i++) {
        const { position } = await another.append(log, messageEnvelope(`${round}-${i}`));
        given.push(formatPosition(position));
      }
      await redis.kill();
      await redis.restart();
    }

    expect(new Set(given).size).toBe(given.length);
  });

  it("TROUBLE-9 a retry that began before the restart does not reuse a lost position", async () => {
    const env = { REDIS_URL: redis.url, REDIS_PREFIX: randomUUID() };
    const log = uniqueLog();
    const [{ log: knowing }, { log: writer }] = [await openStore("redis", { env }), await openStore("redis", { env })];
    await writer.append(log, messageEnvelope("kept"));
    await redis.command("SAVE");
    const { position: lost } = await knowing.append(log, messageEnvelope("lost"));

    const givenOverARestart = async () => {
      await redis.kill();
      const appending = writer.append(log, messageEnvelope("on its way")).catch(() => undefined);
      await redis.restart();
      return (await appending)?.position;
    };
    let position = await givenOverARestart();
    // Where Redis takes longer to begin than a retry goes on, there was none.
    for (let round = 1; !position && round < 10; round++) position = await givenOverARestart();

    expect(position?.offset).toBeGreaterThan(lost.offset);
  });
});

describe("corrupted keys", () => {
  it("TROUBLE-17 an append to a corrupted log fails, and appends to other logs in the same step succeed", async () => {
    const prefix = randomUUID();
    const { log } = await openStore("redis", { env: { REDIS_URL: redis.url, REDIS_PREFIX: prefix } });
    const [spoilt, sound] = [uniqueLog(), uniqueLog()];
    await log.append(spoilt, messageEnvelope("before"));
    await redis.command("SET", redisKeys(prefix).log(spoilt).events, "no stream");

    const outcomes = await Promise.allSettled(
      [sound, spoilt, sound, spoilt].map((name, index) => log.append(name, messageEnvelope(String(index)))),
    );
    await redis.command("DEL", redisKeys(prefix).log(spoilt).events);
    const { position } = await log.append(spoilt, messageEnvelope("again"));

    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "rejected"]);
    expect(outcomes[1]).toMatchObject({ reason: { message: expect.stringContaining("WRONGTYPE") } });
    expect((await log.read(sound, 0, 10)).events.map(textOf)).toEqual(["0", "2"]);
    expect(position.offset).toBe(2);
  });
});
