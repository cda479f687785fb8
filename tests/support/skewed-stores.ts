import type { Clock } from "../../server/runtime/clock.ts";
import { ManualClock } from "./manual-clock.ts";
import { openStore, type StoreName, type StoreOptions, storeEnv, type TestStore } from "./stores.ts";

interface SkewedStores {
  /** Lets time pass on all machines. */
  clock: ManualClock;
  here: TestStore;
  /** The store at another instance, whose clock is ahead. In memory there is one instance: its own clock is set. */
  elsewhere(): TestStore;
  /** The clock of {@link elsewhere}. */
  otherClock: Clock;
}

/** A store at two machines whose clocks differ by so many milliseconds. */
export async function openSkewed(name: StoreName, aheadMs: number, options: StoreOptions = {}): Promise<SkewedStores> {
  const clock = new ManualClock();
  const env = await storeEnv(name);
  const here = await openStore(name, { ...options, env, clock, instanceId: "here" });
  if (name === "memory") {
    const elsewhere = () => {
      clock.step(aheadMs);
      return here;
    };
    return { clock, here, elsewhere, otherClock: clock };
  }
  const otherClock = clock.aheadBy(aheadMs);
  const other = await openStore(name, { ...options, env, clock: otherClock, instanceId: "elsewhere" });
  return { clock, here, elsewhere: () => other, otherClock };
}

/** Of a machine that is really there, with its time of day ahead by so much. */
export const clockAhead = (ms: number): Clock => ({
  now: () => Date.now() + ms,
  monotonicMs: () => performance.now(),
});
