import type { Environment } from "../../client-sdk/connection/environment.ts";
import { createHostEnvironment } from "../../client-sdk/connection/host-environment.ts";

/** A clock whose timers go off when the test says so. */
export function createTestTime() {
  let now = 0;
  const timers = new Set<{ at: number; action: () => void }>();
  const environment: Environment = {
    ...createHostEnvironment(),
    now: () => now,
    after(ms, action) {
      const timer = { at: now + ms, action };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
  };
  const advance = (ms: number) => {
    now += ms;
    for (const timer of [...timers]) if (timer.at <= now && timers.delete(timer)) timer.action();
  };
  return { environment, advance };
}
