import type { Client } from "@signalbox/client";
import { createStore, storesOf, useClient, useStore } from "@signalbox/client/react";
import type { Instance, Stats } from "./types.ts";

/** What was known at one sample. */
export interface Sample {
  stats: Stats;
  instances: readonly Instance[];
}

export interface ClusterStats {
  /** Oldest first; the server tells every two seconds. */
  samples: readonly Sample[];
  latest: Sample | undefined;
  error: unknown;
}

/** Ten minutes. */
const samplesKept = 300;

/** What all instances do, as the server tells it, each with what the instances say of themselves at that time. */
function createClusterStats(client: Client) {
  let samples: Sample[] = [];
  let error: unknown = null;

  return createStore<ClusterStats>({
    read: () => ({ samples, latest: samples.at(-1), error }),
    watch(changed) {
      let isWatched = true;

      async function take(stats: Stats): Promise<void> {
        try {
          const { instances } = await client.admin.instances({});
          if (!isWatched) return;
          samples = [...samples, { stats, instances }].slice(-samplesKept);
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

export const clusterStatsOf = storesOf(createClusterStats);

export function useClusterStats(): ClusterStats {
  return useStore(clusterStatsOf(useClient(), ""));
}

export function totalOf(connections: Stats["connections"]): number {
  return Object.values(connections).reduce((total, count) => total + count, 0);
}
