import { describe, expect, it } from "@jest/globals";
import { createMemoryBroadcast } from "../../server/deliver/memory-broadcast.ts";
import { createHealthUpdates } from "../../server/publish/health-updates.ts";
import { timestampAt } from "../../server/runtime/clock.ts";
import type { HealthEvent } from "../../server/store/latest-updates.ts";
import { createMemoryLatestUpdates } from "../../server/store/memory-latest-updates.ts";
import { EventType } from "../../shared/event-type.ts";
import type { EventId } from "../../shared/ids.ts";
import { healthRoom } from "../../shared/room.ts";
import { ManualClock } from "../support/manual-clock.ts";

const dayMs = 86_400_000;

const updateAt = (id: string, ms: number): HealthEvent => ({
  id: id as EventId,
  type: EventType.HealthUpdate,
  room: healthRoom,
  timestamp: timestampAt(ms),
  sender: null,
  correlationId: null,
  data: { component: "search", status: "ok" },
});

describe("the newest health of a component", () => {
  it.each(["store", "instance"] as const)(
    "LATEST-1 is the one that came last, although the %s has only the one before, of a clock that is days ahead",
    async (behind) => {
      const time = new ManualClock();
      const [store, instance] = [createMemoryLatestUpdates({ time }), createMemoryLatestUpdates({ time })];
      const health = createHealthUpdates({
        broadcast: createMemoryBroadcast(),
        latest: store,
        delivered: instance,
        superseded: () => {},
        failed: () => {},
      });
      const earlier = updateAt("earlier", time.now() + 8 * dayMs);
      for (const where of [store, instance]) where.note(earlier);
      time.advance(1);
      (behind === "store" ? instance : store).note(updateAt("later", time.now()));

      const latest = (await health.latest())();
      health.close();

      expect(latest.map(({ id }) => id)).toEqual(["later"]);
    },
  );
});
