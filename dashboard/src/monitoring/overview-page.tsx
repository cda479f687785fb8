import { Anchor, SimpleGrid, Text } from "@mantine/core";
import { useAgents, useTasks } from "@signalbox/client/react";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { Page, Panel } from "../ui/page.tsx";
import { Tag } from "../ui/tag.tsx";
import { Tile, Tiles } from "../ui/tile.tsx";
import { localizeTimes } from "../ui/time.tsx";
import { useActivity } from "./activity.ts";
import { LatencyPanel, TrafficPanel } from "./activity-panels.tsx";
import { byUrgency, verdictTones } from "./agents.ts";
import { useAlerts } from "./alerts.ts";
import { useHealth } from "./health.ts";
import { HealthStrip } from "./health-strip.tsx";
import { StreamRow } from "./stream-rows.tsx";
import { useStreamViews } from "./streams-page.tsx";

/** Items shown in each panel. */
const panelItems = 5;

/** Key figures at a glance. Each panel subscribes to its own data, so that it renders independently. */
export function OverviewPage() {
  return (
    <Page title="Overview">
      <KeyFigures />
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        <TrafficPanel />
        <LatencyPanel />
        <StreamsPanel />
        <AgentsPanel />
      </SimpleGrid>
      <HealthPanel />
    </Page>
  );
}

function KeyFigures() {
  const { events } = useActivity();
  const { items: tasks } = useTasks();
  const { items: agents } = useAgents();
  const { open } = useAlerts();
  const count = (status: string) => tasks.filter((task) => task.status === status).length;
  const blocked = count("blocked");
  const stalled = agents.filter(({ verdict }) => verdict.state === "stalled").length;
  const connected = agents.filter(({ verdict }) => verdict.state !== "gone").length;
  return (
    <Tiles>
      <Tile name="Events per second">{events.at(-1) ?? "–"}</Tile>
      <Tile name="Tasks in progress">{count("in_progress")}</Tile>
      <Tile name="Tasks blocked" tone={blocked > 0 ? "bad" : "quiet"}>
        {blocked}
      </Tile>
      <Tile name="Agents connected">{connected}</Tile>
      <Tile name="Agents stalled" tone={stalled > 0 ? "bad" : "quiet"}>
        {stalled}
      </Tile>
      <Tile name="Open alerts" tone={open > 0 ? "waiting" : "quiet"}>
        {open}
      </Tile>
    </Tiles>
  );
}

function StreamsPanel() {
  const { streams } = useStreamViews();
  return (
    <Panel title="Streams" actions={<ShowAll href="/monitoring/streams">All {streams.length}</ShowAll>}>
      {streams.length === 0 && <Text size="sm">No streams yet.</Text>}
      <div>
        {streams.slice(0, panelItems).map((stream) => (
          <StreamRow key={stream.streamId} stream={stream} />
        ))}
      </div>
    </Panel>
  );
}

function AgentsPanel() {
  const { items: agents } = useAgents();
  return (
    <Panel title="Agents" actions={<ShowAll href="/monitoring/agents">All {agents.length}</ShowAll>}>
      {agents.length === 0 && <Text size="sm">No agents yet.</Text>}
      {byUrgency(agents)
        .slice(0, panelItems)
        .map(({ agentId, verdict }) => (
          <Text key={agentId} size="sm">
            <Anchor component={Link} href={`/monitoring/agents/${encodeURIComponent(agentId)}`} fw={600}>
              {agentId}
            </Anchor>{" "}
            <Tag tone={verdictTones[verdict.state]}>{verdict.state}</Tag> {localizeTimes(verdict.reason)}
          </Text>
        ))}
    </Panel>
  );
}

function HealthPanel() {
  const components = useHealth();
  return (
    <Panel title="Health">
      {components.length === 0 ? (
        <Text size="sm">
          No component has reported yet. Components report with health_update and performance_update.
        </Text>
      ) : (
        <HealthStrip components={components} />
      )}
    </Panel>
  );
}

function ShowAll({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Anchor component={Link} href={href} size="sm">
      {children}
    </Anchor>
  );
}
