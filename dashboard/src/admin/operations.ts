import type { Client } from "@signalbox/client";
import { createStore, storesOf, useClient, useStore } from "@signalbox/client/react";
import type { Instance, Stats } from "./answers.ts";

/** What was known at one moment. */
export interface Moment {
  stats: Stats;
  instances: readonly Instance[];
}

export interface Operations {
  /** Oldest first; the server tells every two seconds. */
  moments: readonly Moment[];
  latest: Moment | undefined;
  error: unknown;
}

/** Ten minutes. */
const momentsKept = 300;

/** What all instances do, as the server tells it, each with what the instances say of themselves at that time. */
function createOperations(client: Client) {
  let moments: Moment[] = [];
  let error: unknown = null;

  return createStore<Operations>({
    read: () => ({ moments, latest: moments.at(-1), error }),
    watch(changed) {
      let isWatched = true;

      async function take(stats: Stats): Promise<void> {
        try {
          const { instances } = await client.admin.instances({});
          if (!isWatched) return;
          moments = [...moments, { stats, instances }].slice(-momentsKept);
          error = null;
        } catch (failure) {
          error = failure;
        }
        changed();
      }

      const cancel = client.admin.on("stats", (stats) => void take(stats));
      // Nobody has to wait for the next telling.
      client.admin.stats({}).then(take, (failure: unknown) => {
        error = failure;
        changed();
      });
      return () => {
        isWatched = false;
        cancel();
      };
    },
  });
}

export const operationsOf = storesOf(createOperations);

export function useOperations(): Operations {
  return useStore(operationsOf(useClient(), ""));
}

export function totalOf(connections: Stats["connections"]): number {
  return Object.values(connections).reduce((total, count) => total + count, 0);
}
