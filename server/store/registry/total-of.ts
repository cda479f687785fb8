import type { ConnectionCounts } from "../../../shared/entities/server-stats.ts";

/** The connections of several instances, together. */
export function totalOf(instances: readonly ConnectionCounts[]): ConnectionCounts {
  const total = (namespace: keyof ConnectionCounts) => instances.reduce((sum, counts) => sum + counts[namespace], 0);
  return { chat: total("chat"), monitoring: total("monitoring"), admin: total("admin"), agents: total("agents") };
}
