import { randomUUID } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import {
  type Changes,
  type ConnectionRecord,
  type InstanceReport,
  noChanges,
  reportLastsMs,
} from "../../server/store/registry/registry.ts";
import type { ConnectionId, UserId } from "../../shared/ids.ts";
import type { RoomName } from "../../shared/room.ts";
import { openStore, storeEnv, stores } from "../support/stores.ts";
import { eventually } from "../support/within.ts";

const report: InstanceReport = {
  status: "active",
  startedAt: new Date(0).toISOString(),
  connections: { chat: 1, monitoring: 0, admin: 0, agents: 0 },
  memoryBytes: 1,
  loopUtilization: 0,
  commandsPerSecond: 1,
  eventsPerSecond: 2,
  deliveriesPerSecond: 3,
};

const ada = "ada" as UserId;

function recordOf(userId: string, more: Partial<ConnectionRecord> = {}): ConnectionRecord {
  return {
    connectionId: randomUUID() as string as ConnectionId,
    userId: userId as UserId,
    name: null,
    roles: ["user"],
    namespace: "/chat",
    door: "socket.io",
    state: "active",
    history: [{ from: "authenticated", to: "active", at: 7 }],
    rooms: 2,
    connectedAt: 5,
    lastActivityAt: 9,
    ...more,
  };
}

const changed = (changes: Partial<Changes>): Changes => ({ ...noChanges, ...changes });
const roomsOf = (counts: Record<string, number>) => Object.entries(counts) as [RoomName, number][];

/** The registry of an instance that has said that it lives. */
async function openRegistry(name: (typeof stores)[number], options: Parameters<typeof openStore>[1] = {}) {
  const { registry } = await openStore(name, options);
  await registry.report(report, noChanges, true);
  return registry;
}

type Registry = Awaited<ReturnType<typeof openRegistry>>;

/** Page after page, to the end. */
async function pages<Item>(
  read: (cursor: string | undefined) => Promise<{ items: Item[]; nextCursor: string | null }>,
) {
  const all: Item[][] = [];
  let cursor: string | undefined;
  do {
    const { items, nextCursor } = await read(cursor);
    all.push(items);
    cursor = nextCursor ?? undefined;
  } while (cursor !== undefined);
  return all;
}

const connectionPages = (registry: Registry, query: Parameters<Registry["connections"]>[0]) =>
  pages(async (cursor) => {
    const { connections, nextCursor } = await registry.connections({ ...query, cursor });
    return { items: connections, nextCursor };
  });

describe.each(stores)("the registry (%s)", (name) => {
  it("REGISTRY-1 an instance's report is listed until the instance leaves", async () => {
    const registry = await openRegistry(name, { instanceId: "one" });

    const { instances } = await registry.instances();
    await registry.leave();
    const left = await registry.instances();

    expect(instances).toEqual([{ ...report, instanceId: "one", lastSeen: expect.any(String) }]);
    expect(left).toEqual({ instances: [], rooms: 0 });
  });

  it("REGISTRY-2 connections are listed in pages, of all, of a user or of a namespace, until they end", async () => {
    const registry = await openRegistry(name, { instanceId: "one" });
    const users = ["ada", "bob", "ada", "cy", "ada.2", "ada"];
    const all = users.map((user, index) => recordOf(user, { namespace: index % 2 ? "/admin" : "/chat" }));
    await registry.report(undefined, changed({ connections: all }), false);

    const listed = await connectionPages(registry, { limit: 4 });
    const ofAda = await connectionPages(registry, { limit: 1, userId: ada });
    const inAdmin = await connectionPages(registry, { limit: 10, namespace: "/admin" });
    const ofAdaInAdmin = await connectionPages(registry, { limit: 10, namespace: "/admin", userId: ada });
    const [first, ...others] = all as [ConnectionRecord, ...ConnectionRecord[]];
    await registry.report(undefined, changed({ ended: others }), false);

    const ids = (page: ConnectionRecord[]) => page.map(({ connectionId }) => connectionId);
    expect(listed.map(({ length }) => length)).toEqual([4, 2]);
    expect(ids(listed.flat()).toSorted()).toEqual(ids(all).toSorted());
    expect(ofAda.map(([only]) => only?.userId)).toEqual(["ada", "ada", "ada"]);
    expect(inAdmin.flat().map(({ userId }) => userId)).toEqual(["ada", "bob", "cy"]);
    expect(ids(ofAdaInAdmin.flat())).toEqual(ids(all.slice(-1)));
    expect(await connectionPages(registry, { limit: 10 })).toEqual([[{ ...first, instanceId: "one" }]]);
    expect(await registry.connection(first.connectionId)).toEqual({ ...first, instanceId: "one" });
    expect(await registry.connection((others[0] as ConnectionRecord).connectionId)).toBeUndefined();
  });

  it("REGISTRY-2 the latest report of a connection counts", async () => {
    const registry = await openRegistry(name);
    const before = recordOf("ada");
    await registry.report(undefined, changed({ connections: [before] }), false);

    const after = { ...before, namespace: "/monitoring", rooms: 7 } as const;
    await registry.report(undefined, changed({ ended: [before], connections: [after] }), false);

    expect((await registry.connections({ limit: 9, namespace: "/monitoring" })).connections).toMatchObject([after]);
    expect((await registry.connections({ limit: 9, namespace: "/chat" })).connections).toEqual([]);
  });

  it("REGISTRY-3 rooms with connections are listed by name, in pages, and by prefix", async () => {
    const registry = await openRegistry(name);
    const counts = { "conversation:b": 2, broadcast: 9, "conversation:a": 1, "user:ada": 1, "conversation:c": 3 };
    await registry.report(undefined, changed({ rooms: roomsOf({ ...counts, "conversation:d": 5 }) }), false);
    await registry.report(undefined, changed({ rooms: roomsOf({ "conversation:d": 0, "user:ada": 4 }) }), false);
    const list = (query: { limit: number; prefix?: string }) =>
      pages(async (cursor) => {
        const { rooms, nextCursor } = await registry.rooms({ ...query, cursor });
        return { items: rooms.map(({ room, connections }) => `${room} ${connections}`), nextCursor };
      });

    const all = await list({ limit: 2 });
    const conversations = await list({ limit: 2, prefix: "conversation:" });

    expect(all).toEqual([
      ["broadcast 9", "conversation:a 1"],
      ["conversation:b 2", "conversation:c 3"],
      ["user:ada 4"],
    ]);
    expect(conversations).toEqual([["conversation:a 1", "conversation:b 2"], ["conversation:c 3"]]);
    expect(await list({ limit: 9, prefix: "nothing" })).toEqual([[]]);
    expect(await registry.connectionsIn("conversation:c" as RoomName)).toBe(3);
    expect(await registry.connectionsIn("conversation:d" as RoomName)).toBe(0);
    expect((await registry.instances()).rooms).toBe(5);
  });

  it("REGISTRY-4 a user may have a limited number of connections, including those that are being opened", async () => {
    const registry = await openRegistry(name);
    const [first, second, third, other] = [recordOf("ada"), recordOf("ada"), recordOf("ada"), recordOf("ada.2")];

    const before = [await registry.admit(first, 2), await registry.admit(second, 2), await registry.admit(third, 2)];
    const others = await registry.admit(other, 2);
    await registry.report(undefined, changed({ connections: [first], ended: [second] }), false);
    const after = [await registry.admit(third, 2), await registry.admit(second, 2)];

    expect(before).toEqual(["admitted", "admitted", "full"]);
    expect(others).toBe("admitted");
    expect(after).toEqual(["admitted", "full"]);
    expect(await registry.connectionsOf(ada)).toBe(2);
    expect((await registry.connectionIdsOf(ada)).toSorted()).toEqual(
      [first, third].map(({ connectionId }) => connectionId).toSorted(),
    );
    // What is still being opened is nobody's to look at.
    expect((await registry.connections({ limit: 9 })).connections).toMatchObject([first]);
  });

  it("REGISTRY-5 a full report replaces everything that was reported before", async () => {
    const registry = await openRegistry(name);
    const [before, after] = [recordOf("ada"), recordOf("bob")];
    await registry.report(
      undefined,
      changed({ connections: [before], rooms: roomsOf({ broadcast: 5, ui: 1 }) }),
      false,
    );

    await registry.report(report, noChanges, true);
    await registry.report(undefined, changed({ connections: [after], rooms: roomsOf({ broadcast: 3 }) }), false);
    // The rooms of before go with the next report.
    await registry.report(report, noChanges, false);

    expect((await registry.connections({ limit: 9 })).connections).toMatchObject([after]);
    expect(await registry.connectionsOf(ada)).toBe(0);
    expect((await registry.rooms({ limit: 9 })).rooms).toEqual([{ room: "broadcast", connections: 3 }]);
  });

  it("REGISTRY-6 invalid cursors are refused", async () => {
    const registry = await openRegistry(name);
    const cursors = ["x", "e30", Buffer.from('["a",7]').toString("base64url"), "\u{1f600}"];

    const tried = cursors.flatMap((cursor) => [
      registry.connections({ limit: 1, cursor }),
      registry.rooms({ limit: 1, cursor }),
    ]);

    for (const answer of tried) {
      await expect(answer).rejects.toMatchObject({ error: { code: "invalid_payload" } });
    }
  });
});

describe("the registry of several instances (redis)", () => {
  async function openTwo() {
    const env = await storeEnv("redis");
    const one = await openRegistry("redis", { env, instanceId: "one" });
    const two = await openRegistry("redis", { env, instanceId: "two" });
    return { env, one, two };
  }

  /** As if an instance had said nothing for as long as its report lasts. */
  async function expire(env: Record<string, string>, instanceId: string) {
    const { redis } = await openStore("redis", { env });
    await redis?.attempt(async (client) => {
      const keys = await client.keys(`${env.REDIS_PREFIX}:{registry}:report:${instanceId}/*`);
      for (const key of keys) {
        expect(await client.pTTL(key)).toBeLessThanOrEqual(reportLastsMs);
        await client.pExpire(key, 1);
      }
      await eventually(async () => (await client.exists(keys)) === 0, "the reports to expire");
    });
  }

  it("REGISTRY-7 it has the connections, rooms and users of all instances together", async () => {
    const { one, two } = await openTwo();
    const all = ["ada", "bob", "ada", "cy"].map((user) => recordOf(user));
    const rooms = roomsOf({ broadcast: 2 });

    await one.report(undefined, changed({ connections: all.slice(0, 2), rooms }), false);
    await two.report(undefined, changed({ connections: all.slice(2), rooms }), false);

    const listed = (await connectionPages(two, { limit: 3 })).flat();
    expect(listed.map(({ userId, instanceId }) => `${instanceId} ${userId}`).toSorted()).toEqual([
      "one ada",
      "one bob",
      "two ada",
      "two cy",
    ]);
    expect((await one.connections({ limit: 9, userId: ada })).connections).toHaveLength(2);
    expect((await one.rooms({ limit: 9 })).rooms).toEqual([{ room: "broadcast", connections: 4 }]);
    expect(await one.admit(recordOf("ada"), 2)).toBe("full");
    expect((await two.instances()).instances.map(({ instanceId }) => instanceId).toSorted()).toEqual(["one", "two"]);
  });

  it("REGISTRY-8 an instance without reports is dropped with everything it has reported, and must report everything again", async () => {
    const { env, one, two } = await openTwo();
    const connection = recordOf("ada");
    const changes = changed({ connections: [connection], rooms: roomsOf({ "user:ada": 1, broadcast: 1 }) });
    await one.report(undefined, changes, false);
    await two.report(undefined, changed({ rooms: roomsOf({ broadcast: 1 }) }), false);

    await expire(env, "one");
    const unseen = (await two.connections({ limit: 9 })).connections;
    const admitted = await two.admit(recordOf("ada"), 1);
    await two.report(report, noChanges, false);
    const rooms = (await two.rooms({ limit: 9 })).rooms;
    const isKnown = await one.report(report, changes, false);
    const answer = await one.admit(connection, 9);
    await one.report(report, noChanges, true);
    await one.report(undefined, changes, false);

    expect([unseen, admitted]).toEqual([[], "admitted"]);
    expect(rooms).toEqual([{ room: "broadcast", connections: 1 }]);
    expect([isKnown, answer]).toEqual([false, "unknown"]);
    expect((await two.connections({ limit: 9 })).connections).toMatchObject([connection]);
    expect(await two.connectionsIn("broadcast" as RoomName)).toBe(2);
  });

  it("REGISTRY-9 twenty thousand connections are reported quickly, and a page of them is read faster still", async () => {
    const env = await storeEnv("redis");
    const registry = await openRegistry("redis", { env });
    const names = Array.from({ length: 20_000 }, (_, index) => `user-${index}`);
    const connections = names.map((user) => recordOf(user));
    const rooms = roomsOf(Object.fromEntries(names.map((user) => [`user:${user}`, 1])));

    /** What all scripts have taken in Redis itself, and how many there were. */
    const { redis } = await openStore("redis", { env });
    const scripts = async () => {
      const text = await redis?.attempt((client) => client.info("commandstats"));
      const counted = [...String(text).matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+),usec=(\d+)/gm)];
      const sum = (group: 1 | 2) => counted.reduce((total, match) => total + Number(match[group]), 0);
      return { calls: sum(1), ms: sum(2) / 1_000 };
    };
    const meanMs = async (run: () => Promise<unknown>) => {
      const before = await scripts();
      await run();
      const after = await scripts();
      return (after.ms - before.ms) / (after.calls - before.calls);
    };
    const writeMs = await meanMs(async () => {
      for (let at = 0; at < names.length; at += 500) {
        const changes = changed({ connections: connections.slice(at, at + 500), rooms: rooms.slice(at, at + 500) });
        await registry.report(report, changes, false);
      }
    });
    let listed: ConnectionRecord[][] = [];
    const pageMs = await meanMs(async () => {
      listed = await connectionPages(registry, { limit: 200 });
    });
    const pages = [
      await meanMs(() => registry.connections({ limit: 200, userId: "user-777" as UserId })),
      await meanMs(() => registry.rooms({ limit: 200, prefix: "user:user-1" })),
    ];
    const page = await registry.connections({ limit: 200, userId: "user-777" as UserId });
    const stats = await registry.instances();

    expect(listed.flat()).toHaveLength(20_000);
    expect(page.connections).toHaveLength(1);
    expect(stats.rooms).toBe(20_000);
    // Many times what it takes, for a machine that does something else meanwhile.
    expect(writeMs).toBeLessThan(500);
    expect(Math.max(pageMs, ...pages)).toBeLessThan(100);
  });
});
