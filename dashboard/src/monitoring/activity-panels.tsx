import { Chart } from "../ui/chart.tsx";
import { Panel } from "../ui/page.tsx";
import { useActivity } from "./activity.ts";

const milliseconds = (value: number) => `${Math.round(value)} ms`;

/** How much happens. */
export function TrafficPanel() {
  const { times, events } = useActivity();
  return (
    <Panel title="Traffic">
      <Chart title="Events a second" times={times} series={[{ name: "events", values: events }]} />
    </Panel>
  );
}

/** How late it is told. */
export function LatencyPanel() {
  const { times, typicalDelay, longDelay, roundTrip } = useActivity();
  return (
    <Panel title="Latency">
      <Chart
        title="From the server to this page"
        times={times}
        series={[
          { name: "p50", values: typicalDelay },
          { name: "p95", values: longDelay },
          { name: "round trip", values: roundTrip },
        ]}
        format={milliseconds}
      />
    </Panel>
  );
}
