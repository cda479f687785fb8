import type { Client } from "@signalbox/client";
import { createStore, storesOf, useClient, useStore } from "@signalbox/client/react";
import type { Instance, Stats } from "./types.ts";

/** Statistics at one point in time. */
export interface Sample {
  stats: Stats;
  instances: readonly Instance[];
}

interface ClusterStats {
  /** Oldest first, one every two seconds. */
  samples: readonly Sample[];
  latest: Sample | undefined;
  error: unknown;
}

/** Ten minutes. */
const samplesKept = 300;

/** Statistics that the server sends, each with the list of instances at that time. */
function createClusterStats(client: Client) {
  let samples: Sample[] = [];
  let error: unknown = null;

  return createStore<ClusterStats>({
    read: () => ({ samples, latest: samples.at(-1), error }),
    watch(changed) {
      let isWatched = true;

      async function addSample(stats: Stats): Promise<void> {
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

      const cancel = client.admin.on("stats", (stats) => void addSample(stats));
      // The first sample at once, instead of with the next message.
      client.admin.stats({}).then(addSample, (failure: unknown) => {
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
