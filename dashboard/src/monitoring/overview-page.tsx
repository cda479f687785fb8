import { Anchor, SimpleGrid, Text } from "@mantine/core";
import { useAgents } from "@signalbox/client/react";
import { Link } from "wouter";
import { Chart } from "../parts/chart.tsx";
import { Page, Panel } from "../parts/page.tsx";
import { Tag } from "../parts/tag.tsx";
import { Tile, Tiles } from "../parts/tile.tsx";
import { useActivity } from "./activity.ts";
import { byUrgency, verdictTones } from "./agents.ts";
import { useAlerts } from "./alerts.ts";
import { useHealth } from "./health.ts";
import { HealthStrip } from "./health-strip.tsx";
import { StreamRow } from "./stream-rows.tsx";
import { useStreamViews } from "./streams-page.tsx";
import { useTaskViews } from "./tasks.ts";

const milliseconds = (value: number) => `${Math.round(value)} ms`;
const few = 5;

/** Whether all is well, at a glance. */
export function OverviewPage() {
  const { times, events, typicalDelay, longDelay, roundTrip } = useActivity();
  const { tasks } = useTaskViews();
  const { streams } = useStreamViews();
  const { items: agents } = useAgents();
  const { open } = useAlerts();
  const components = useHealth();
  const count = (status: string) => tasks.filter((task) => task.status === status).length;
  const stalled = agents.filter(({ verdict }) => verdict.state === "stalled").length;
  const here = agents.filter(({ verdict }) => verdict.state !== "gone").length;
  return (
    <Page title="Overview">
      <Tiles>
        <Tile name="Events a second">{events.at(-1) ?? "–"}</Tile>
        <Tile name="Tasks in progress">{count("in_progress")}</Tile>
        <Tile name="Tasks blocked" {...(count("blocked") > 0 && { tone: "bad" })}>
          {count("blocked")}
        </Tile>
        <Tile name="Agents here">{here}</Tile>
        <Tile name="Agents stalled" {...(stalled > 0 && { tone: "bad" })}>
          {stalled}
        </Tile>
        <Tile name="Open alerts" {...(open > 0 && { tone: "waiting" })}>
          {open}
        </Tile>
      </Tiles>
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        <Panel title="Traffic">
          <Chart title="Events a second" times={times} series={[{ name: "events", values: events }]} />
        </Panel>
        <Panel title="Latency">
          <Chart
            title="From the server to this page"
            times={times}
            series={[
              { name: "half of them", values: typicalDelay },
              { name: "95 of 100", values: longDelay },
              { name: "there and back", values: roundTrip },
            ]}
            format={milliseconds}
          />
        </Panel>
        <Panel title="Streams" actions={<More href="/monitoring/streams">All {streams.length}</More>}>
          {streams.length === 0 && <Text size="sm">No streams yet.</Text>}
          <div>
            {streams.slice(0, few).map((stream) => (
              <StreamRow key={stream.streamId} stream={stream} />
            ))}
          </div>
        </Panel>
        <Panel title="Agents" actions={<More href="/monitoring/agents">All {agents.length}</More>}>
          {agents.length === 0 && <Text size="sm">No agents yet.</Text>}
          {byUrgency(agents)
            .slice(0, few)
            .map(({ agentId, verdict }) => (
              <Text key={agentId} size="sm">
                <Anchor component={Link} href={`/monitoring/agents/${encodeURIComponent(agentId)}`} fw={600}>
                  {agentId}
                </Anchor>{" "}
                <Tag tone={verdictTones[verdict.state]}>{verdict.state}</Tag> {verdict.reason}
              </Text>
            ))}
        </Panel>
      </SimpleGrid>
      <Panel title="Health">
        {components.length === 0 ? (
          <Text size="sm">Nothing was heard of any component: see health_update and performance_update.</Text>
        ) : (
          <HealthStrip components={components} />
        )}
      </Panel>
    </Page>
  );
}

function More({ href, children }: { href: string; children: React.ReactNode }) {
  return (
    <Anchor component={Link} href={href} size="sm">
      {children}
    </Anchor>
  );
}
