import { setTimeout } from "node:timers/promises";

/** Resolves after `ms` milliseconds. Does not keep the process up. */
export const pause = (ms: number): Promise<void> => setTimeout(ms, undefined, { ref: false });
