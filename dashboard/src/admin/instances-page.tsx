import { SimpleGrid, Table, Text } from "@mantine/core";
import { Chart } from "../ui/chart.tsx";
import { Page, Panel } from "../ui/page.tsx";
import { ErrorAlert, LoadingState } from "../ui/page-states.tsx";
import { Tag } from "../ui/tag.tsx";
import { Tile, Tiles } from "../ui/tile.tsx";
import { RelativeTime } from "../ui/time.tsx";
import { AnnounceForm } from "./announce-form.tsx";
import { type Sample, totalOf, useClusterStats } from "./cluster-stats.ts";
import { LogLevelForm } from "./log-level-form.tsx";

const megabytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
const percent = (share: number) => `${Math.round(share * 100)} %`;
const perSecond = (rate: number) => rate.toLocaleString(undefined, { maximumFractionDigits: 1 });

/** Load of all instances. */
export function InstancesPage() {
  const { samples, latest, error } = useClusterStats();
  if (!latest) return <Page title="Instances">{error === null ? <LoadingState /> : <ErrorAlert error={error} />}</Page>;
  const { stats, instances } = latest;
  const { chat, monitoring, admin, agents } = stats.connections;
  const times = samples.map((sample) => Date.parse(sample.stats.timestamp) / 1_000);
  const rate = (name: string, of: "eventsPerSecond" | "commandsPerSecond" | "deliveriesPerSecond") => ({
    name,
    values: samples.map((sample) => sample.stats[of]),
  });
  return (
    <Page title="Instances">
      {error !== null && <ErrorAlert error={error} />}
      <Tiles>
        <Tile name="Instances">{stats.instances}</Tile>
        <Tile name="Connections">{totalOf(stats.connections).toLocaleString()}</Tile>
        <Tile name="Rooms in use">{stats.rooms.toLocaleString()}</Tile>
        <Tile name="Events per second">{perSecond(stats.eventsPerSecond)}</Tile>
        <Tile name="Deliveries per second">{perSecond(stats.deliveriesPerSecond)}</Tile>
      </Tiles>
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        <Panel title="Throughput">
          <Chart
            title="Per second"
            times={times}
            series={[
              rate("commands", "commandsPerSecond"),
              rate("events", "eventsPerSecond"),
              rate("deliveries", "deliveriesPerSecond"),
            ]}
          />
        </Panel>
        <Panel title="Event loop">
          <Chart
            title="Utilization"
            times={times}
            series={perInstance(samples, "loopUtilization")}
            format={percent}
            max={1}
          />
        </Panel>
        <Panel title="Connections">
          <Chart
            title="Open"
            times={times}
            series={[{ name: "all", values: samples.map((sample) => totalOf(sample.stats.connections)) }]}
          />
        </Panel>
        <Panel title="Memory">
          <Chart title="Resident" times={times} series={perInstance(samples, "memoryBytes")} format={megabytes} />
        </Panel>
      </SimpleGrid>
      <Panel title="All instances">
        <Table.ScrollContainer minWidth={640} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Instance</Table.Th>
                <Table.Th>Status</Table.Th>
                <Table.Th>Started</Table.Th>
                <Table.Th ta="end">Connections</Table.Th>
                <Table.Th ta="end">Events per second</Table.Th>
                <Table.Th ta="end">Event loop</Table.Th>
                <Table.Th ta="end">Memory</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {instances.map((instance) => (
                <Table.Tr key={instance.instanceId} data-instance={instance.instanceId}>
                  <Table.Td>{instance.instanceId}</Table.Td>
                  <Table.Td>
                    <Tag tone={instance.status === "active" ? "good" : "waiting"}>{instance.status}</Tag>
                  </Table.Td>
                  <Table.Td>
                    <RelativeTime at={instance.startedAt} />
                  </Table.Td>
                  <Table.Td ta="end">{totalOf(instance.connections).toLocaleString()}</Table.Td>
                  <Table.Td ta="end">{perSecond(instance.eventsPerSecond)}</Table.Td>
                  <Table.Td ta="end">{percent(instance.loopUtilization)}</Table.Td>
                  <Table.Td ta="end">{megabytes(instance.memoryBytes)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
        <Text size="sm">
          Connections by namespace: chat {chat.toLocaleString()}, monitoring {monitoring.toLocaleString()}, agents{" "}
          {agents.toLocaleString()}, admin {admin.toLocaleString()}
        </Text>
      </Panel>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <AnnounceForm />
        <LogLevelForm />
      </SimpleGrid>
    </Page>
  );
}

/** More lines would be unreadable. */
const maxLines = 4;

/** A line for each running instance. */
function perInstance(samples: readonly Sample[], of: "loopUtilization" | "memoryBytes") {
  const ids = (samples.at(-1)?.instances ?? []).slice(0, maxLines).map(({ instanceId }) => instanceId);
  return ids.map((id) => ({
    name: id.slice(-6),
    values: samples.map(({ instances }) => instances.find(({ instanceId }) => instanceId === id)?.[of] ?? null),
  }));
}
