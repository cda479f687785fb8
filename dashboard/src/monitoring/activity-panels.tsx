import { Chart } from "../ui/chart.tsx";
import { Panel } from "../ui/page.tsx";
import { useActivity } from "./activity.ts";

const milliseconds = (value: number) => `${Math.round(value)} ms`;

/** Event rate. */
export function TrafficPanel() {
  const { times, events } = useActivity();
  return (
    <Panel title="Traffic">
      <Chart title="Events per second" times={times} series={[{ name: "events", values: events }]} />
    </Panel>
  );
}

/** Latency of events and round-trip time. */
export function LatencyPanel() {
  const { times, medianLatency, p95Latency, roundTrip } = useActivity();
  return (
    <Panel title="Latency">
      <Chart
        title="From the server to this page"
        times={times}
        series={[
          { name: "p50", values: medianLatency },
          { name: "p95", values: p95Latency },
          { name: "round trip", values: roundTrip },
        ]}
        format={milliseconds}
      />
    </Panel>
  );
}
