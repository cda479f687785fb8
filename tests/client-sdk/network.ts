import type { Environment, EnvironmentChange } from "../../client-sdk/connection/environment.ts";
import { createHostEnvironment } from "../../client-sdk/connection/host-environment.ts";

/** An environment whose network comes and goes as the test says, as a browser would tell of it. */
export function createNetwork(): { environment: Environment; tell(change: EnvironmentChange): void } {
  const listeners = new Set<(change: EnvironmentChange) => void>();
  return {
    environment: {
      ...createHostEnvironment(),
      watch(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    tell(change) {
      for (const listener of [...listeners]) listener(change);
    },
  };
}
