import { describe, expect, it } from "@jest/globals";
import { type HealthEvent, keptComponents, keptMs, type LatestUpdate } from "../../server/store/latest-updates.ts";
import { EventType } from "../../shared/event-type.ts";
import type { EventId } from "../../shared/ids.ts";
import { healthRoom } from "../../shared/room.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { openStore, storeEnv, stores } from "../support/stores.ts";

const eventOf = (component: string, status: "ok" | "down" = "ok"): HealthEvent => ({
  id: `${component}-${status}` as EventId,
  type: EventType.HealthUpdate,
  room: healthRoom,
  timestamp: new Date().toISOString(),
  sender: null,
  correlationId: null,
  data: { component, status },
});

const shown = (updates: readonly LatestUpdate[]) => updates.map(({ event }) => event.id);

describe.each(stores)("the latest updates (%s)", (store) => {
  it("LATEST-1 there is one of each component and type, in the order of their arrival", async () => {
    const clock = new ManualClock();
    const { latest } = await openStore(store, { clock });
    const numbers: HealthEvent = {
      ...eventOf("db"),
      id: "db-metrics" as EventId,
      type: EventType.PerformanceUpdate,
      data: { component: "db", metrics: { qps: 1 } },
    };

    const before = await latest.all();
    for (const event of [eventOf("db"), numbers, eventOf("db", "down")]) await latest.keep(event);

    expect(before).toEqual([]);
    expect(shown(await latest.all()).sort()).toEqual(["db-down", "db-metrics"]);
    expect(await latest.all()).toContainEqual({ event: numbers, at: clock.now() });
  });

  it("LATEST-1 they are kept for an hour", async () => {
    const clock = new ManualClock();
    const { latest } = await openStore(store, { clock });

    await latest.keep(eventOf("old"));
    clock.advance(keptMs - 1);
    await latest.keep(eventOf("new"));
    const both = shown(await latest.all());
    clock.advance(1);
    const one = shown(await latest.all());

    expect(both).toEqual(["old-ok", "new-ok"]);
    expect(one).toEqual(["new-ok"]);
  });

  it("LATEST-1 at most a thousand components are kept, those updated last", async () => {
    const clock = new ManualClock();
    const { latest } = await openStore(store, { clock });

    for (let i = 0; i < keptComponents + 5; i++) {
      clock.advance(1);
      await latest.keep(eventOf(`c${i}`));
    }

    const kept = shown(await latest.all());
    expect(kept).toHaveLength(keptComponents);
    expect([kept[0], kept.at(-1)]).toEqual(["c5-ok", `c${keptComponents + 4}-ok`]);
  });

  it("LATEST-1 all instances have the same", async () => {
    if (store === "memory") return;
    const env = await storeEnv(store);
    const [a, b] = [await openStore(store, { env, instanceId: "a" }), await openStore(store, { env, instanceId: "b" })];

    await a.latest.keep(eventOf("db"));
    await b.latest.keep(eventOf("db", "down"));

    expect(shown(await a.latest.all())).toEqual(["db-down"]);
  });
});
