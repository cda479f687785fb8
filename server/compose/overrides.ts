import type { LogTailsOptions } from "../deliver/log-tails.ts";
import type { GatherMetrics } from "../observe/metrics.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Store } from "./open-store.ts";

/** The ports of a store. Overrides of them are closed by their owner, not by the server. */
type StorePorts = Omit<Store, "close">;

/** Parts supplied by an embedder or a test. */
export interface Overrides extends Partial<StorePorts> {
  clock?: Clock;
  /** `true`: connections come from the primary process instead of a port. */
  isWorker?: boolean;
  tails?: Partial<LogTailsOptions>;
  /** Another WebSocket implementation for Engine.IO: a class like the server of `ws`. */
  wsEngine?: unknown;
  /** Folder of another build of the dashboard. */
  dashboardFolder?: string;
  /** The number of log lines that could not be written. Default: 0. */
  lostLogLines?: () => number;
  /** With several processes behind one port: given this process's metrics, resolves with those of all. */
  gatherMetrics?: GatherMetrics;
}

/** Whether the overrides include all ports of a store, so that none has to be opened. */
export function isWholeStore(overrides: Overrides): overrides is Overrides & StorePorts {
  const { log, documents, transactions, leases, presence, registry, latest, uiEvents, time } = overrides;
  return Boolean(log && documents && transactions && leases && presence && registry && latest && uiEvents && time);
}
