import type { ConnectionCounts, Registry } from "./registry.ts";

/** One instance. */
export function createMemoryRegistry(): Registry {
  let reported: ConnectionCounts[] = [];
  return {
    async report(counts) {
      reported = [counts];
    },
    all: async () => reported,
    async leave() {
      reported = [];
    },
  };
}
