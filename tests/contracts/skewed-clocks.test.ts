import { randomUUID } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { timestampAt } from "../../server/runtime/clock.ts";
import { keptMs } from "../../server/store/latest-updates.ts";
import { dedupeWindowMs } from "../../server/store/log/event-log.ts";
import { noChanges } from "../../server/store/registry/registry.ts";
import { EventType } from "../../shared/event-type.ts";
import type { ConnectionId, EventId, UserId } from "../../shared/ids.ts";
import { healthRoom } from "../../shared/room.ts";
import { messageEnvelope, textOf, uniqueLog, uniqueRoom } from "../support/envelopes.ts";
import { openSkewed } from "../support/skewed-stores.ts";
import { stores } from "../support/stores.ts";

const dayMs = 86_400_000;
/** Forth and back, by more than anything in a store lasts. */
const skews = [8 * dayMs, 11 * 60_000, -8 * dayMs];
const cases = stores.flatMap((name) => skews.map((aheadMs) => ({ name, aheadMs })));

describe.each(cases)("a store ($name) at machines whose clocks differ by $aheadMs ms", ({ name, aheadMs }) => {
  it("TIME-1 the events of a log are kept, and dropped when they are old", async () => {
    const ttlSeconds = 3_600;
    const { clock, here, elsewhere, otherClock } = await openSkewed(name, aheadMs, { ttlSeconds });
    const log = uniqueLog();
    for (const text of ["a", "b"]) await here.log.append(log, messageEnvelope(text, { clock }));

    const there = elsewhere();
    const read = await there.log.read(log, 0, 10);
    for (let i = 0; i < 20; i++) await there.log.append(log, messageEnvelope("c", { clock: otherClock }));
    const bounds = [await here.log.bounds(log), await there.log.bounds(log)];
    clock.advance(ttlSeconds * 1_000);
    const stillThere = await here.log.bounds(log);
    clock.advance(1);
    const old = [await there.log.bounds(log), await here.log.bounds(log)];

    expect(read.events.map(textOf)).toEqual(["a", "b"]);
    expect([...bounds, stillThere].map(({ first, last }) => [first, last])).toEqual([
      [1, 22],
      [1, 22],
      [1, 22],
    ]);
    expect(old.map(({ first, last }) => [first, last])).toEqual([
      [23, 22],
      [23, 22],
    ]);
  });

  it("TIME-1 a repeated id is recognised for ten minutes, and no longer", async () => {
    const { clock, here, elsewhere, otherClock } = await openSkewed(name, aheadMs);
    const log = uniqueLog();
    const first = await here.log.append(log, messageEnvelope("a", { clock }), "id");

    const there = elsewhere();
    const append = () => there.log.append(log, messageEnvelope("a", { clock: otherClock }), "id");
    const again = await append();
    clock.advance(dedupeWindowMs - 1);
    const late = await append();
    clock.advance(1);
    const afterwards = await append();

    for (const answer of [again, late]) expect(answer).toEqual({ ...first, duplicate: true });
    expect(afterwards.duplicate).toBe(false);
  });

  it("TIME-1 documents are kept for their time to live, and listed by latest activity", async () => {
    const { clock, here, elsewhere } = await openSkewed(name, aheadMs);
    const ids = { a: randomUUID(), b: randomUUID(), c: randomUUID() };
    const options = { indexes: ["all"], ttlMs: 10_000 };
    await here.documents.put("conversation", ids.a, "a", 0, options);

    const there = elsewhere();
    clock.advance(1_000);
    await there.documents.put("conversation", ids.b, "b", 0, options);
    clock.advance(1_000);
    await here.documents.put("conversation", ids.c, "c", 0, options);
    const list = async () => {
      const { items } = await there.documents.list<string>("conversation", "all", 10);
      return items.map(({ value }) => value).join("");
    };
    const lists = [await list()];
    clock.advance(1_000);
    await there.documents.touch("conversation", ids.a, there.time.now());
    clock.advance(1_000);
    await here.documents.touch("conversation", ids.b, here.time.now());
    lists.push(await list());
    for (const ms of [5_999, 1, 1_000, 1_000]) {
      clock.advance(ms);
      lists.push(await list());
    }

    expect(lists).toEqual(["cba", "bac", "bac", "bc", "c", ""]);
    expect(await here.documents.get("conversation", ids.c)).toBeUndefined();
  });

  it("TIME-1 commits use the same time", async () => {
    const { clock, here, elsewhere } = await openSkewed(name, aheadMs);
    const task = (id: string) => ({
      documents: [{ kind: "task" as const, id, value: id, expected: 0, options: { indexes: ["all"], ttlMs: 10_000 } }],
      events: [],
    });
    await here.transactions.commit(task("a"));

    const there = elsewhere();
    clock.advance(1);
    await there.transactions.commit(task("b"));
    clock.advance(1);
    await here.transactions.commit(task("c"));
    const { items } = await there.documents.list<string>("task", "all", 10);
    const isTaken = await there.transactions.commit(task("a"));
    clock.advance(10_000);
    const isFree = await there.transactions.commit(task("a"));

    expect(items.map(({ value }) => value)).toEqual(["c", "b", "a"]);
    expect([isTaken, isFree]).toEqual([undefined, []]);
  });

  it("TIME-1 users keep their grace period", async () => {
    const graceMs = 5_000;
    const { clock, here, elsewhere } = await openSkewed(name, aheadMs);
    const room = uniqueRoom();
    const [ada, bob] = ["ada", "bob"].map((userId) => ({
      userId: userId as UserId,
      name: null,
      connectionId: randomUUID() as string as ConnectionId,
    }));
    if (!ada || !bob) throw new Error("nobody");
    await here.presence.enter(room, ada);
    await here.presence.leave(room, ada, graceMs);

    const there = elsewhere();
    await there.presence.enter(room, bob);
    clock.advance(1_000);
    await there.presence.leave(room, bob, graceMs);
    const sweep = async () => {
      const departures = [...(await there.presence.sweep()), ...(await here.presence.sweep())];
      return departures.map(({ userId }) => userId).join();
    };
    const swept: string[] = [];
    for (const ms of [graceMs - 1_001, 1, 999, 1]) {
      clock.advance(ms);
      swept.push(await sweep());
    }

    expect(swept).toEqual(["", "ada", "", "bob"]);
  });

  it("TIME-1 leases become due at the same time for all instances", async () => {
    const { clock, here, elsewhere } = await openSkewed(name, aheadMs);
    await here.leases.set("agents", [{ id: "a", inMs: 1_000 }]);

    const there = elsewhere();
    await there.leases.set("agents", [{ id: "b", inMs: 1_000 }]);
    const early = await there.leases.claim("agents", 10, 10_000);
    clock.advance(1_000);
    const due = await there.leases.claim("agents", 10, 10_000);
    const claimed = await here.leases.claim("agents", 10, 10_000);

    expect([early, due, claimed]).toEqual([[], ["a", "b"], []]);
  });

  it("TIME-1 the newest update of a component is the one that was stored last", async () => {
    const { clock, here, elsewhere, otherClock } = await openSkewed(name, aheadMs);
    const update = (id: string, at: number) => ({
      id: id as EventId,
      type: EventType.HealthUpdate as const,
      room: healthRoom,
      timestamp: timestampAt(at),
      sender: null,
      correlationId: null,
      data: { component: "db", status: "ok" as const },
    });
    const ids = async () => (await here.latest.all()).map(({ event }) => event.id);
    await here.latest.keep(update("first", clock.now()));

    const there = elsewhere();
    clock.advance(1);
    await there.latest.keep(update("second", otherClock.now()));
    const second = await ids();
    clock.advance(1);
    await here.latest.keep(update("third", clock.now()));
    const third = await ids();
    clock.advance(keptMs - 1);
    const late = await ids();
    clock.advance(1);

    expect([second, third, late, await ids()]).toEqual([["second"], ["third"], ["third"], []]);
  });

  it("TIME-1 one clock gives the time, and when each instance was last seen", async () => {
    const { clock, here, elsewhere } = await openSkewed(name, aheadMs);
    const before = here.time.now();
    const report = {
      status: "active" as const,
      startedAt: timestampAt(0),
      connections: { chat: 0, monitoring: 0, admin: 0, agents: 0 },
      memoryBytes: 0,
      loopUtilization: 0,
      commandsPerSecond: 0,
      eventsPerSecond: 0,
      deliveriesPerSecond: 0,
    };

    const there = elsewhere();
    clock.advance(5);
    await there.registry.report(report, noChanges, true);
    const { instances } = await here.registry.instances();

    expect([here.time.now(), there.time.now()]).toEqual([before + 5, before + 5]);
    expect(instances.map(({ lastSeen }) => lastSeen)).toEqual([timestampAt(before + 5)]);
  });
});
