import type { ServerStats } from "../../shared/entities/server-stats.ts";
import { type Clock, timestampOf } from "../runtime/clock.ts";
import type { Failed } from "../runtime/failed.ts";
import type { Session } from "../session/session.ts";
import type { ClusterView } from "../store/registry/cluster-view.ts";
import { reportEveryMs } from "../store/registry/registry.ts";
import { totalOf } from "../store/registry/total-of.ts";

interface StatsDeps {
  clusterView: ClusterView;
  clock: Clock;
}

/** Statistics of all instances, from the registry. */
export async function readStats({ clusterView, clock }: StatsDeps): Promise<ServerStats> {
  const { instances, rooms } = await clusterView.instances();
  const sum = (of: "commandsPerSecond" | "eventsPerSecond" | "deliveriesPerSecond") =>
    instances.reduce((total, instance) => total + instance[of], 0);
  return {
    timestamp: timestampOf(clock),
    instances: instances.length,
    connections: totalOf(instances.map(({ connections }) => connections)),
    rooms,
    commandsPerSecond: sum("commandsPerSecond"),
    eventsPerSecond: sum("eventsPerSecond"),
    deliveriesPerSecond: sum("deliveriesPerSecond"),
  };
}

/** Sends statistics to this instance's sessions in `/admin` periodically. Returns a function that stops it. */
export function publishStats(deps: StatsDeps & { sessions: Iterable<Session>; failed: Failed }): () => void {
  const publish = async () => {
    const watching = [...deps.sessions].filter(({ namespaces }) => namespaces.includes("/admin"));
    if (watching.length === 0) return;
    const stats = await readStats(deps);
    for (const session of watching) session.send("admin.stats", stats);
  };
  const timer = setInterval(
    () =>
      void publish().catch((error: unknown) =>
        deps.failed("send the statistics to /admin", error, { willRetry: true }),
      ),
    reportEveryMs,
  ).unref();
  return () => clearInterval(timer);
}
