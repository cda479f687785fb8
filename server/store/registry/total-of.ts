import type { ConnectionCounts } from "../../../shared/entities/server-stats.ts";

/** The sum of the connections of several instances. */
export function totalOf(instances: readonly ConnectionCounts[]): ConnectionCounts {
  const total = (namespace: keyof ConnectionCounts) => instances.reduce((sum, counts) => sum + counts[namespace], 0);
  return { chat: total("chat"), monitoring: total("monitoring"), admin: total("admin"), agents: total("agents") };
}
