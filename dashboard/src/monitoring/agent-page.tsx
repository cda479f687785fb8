import { Anchor, SimpleGrid, Text } from "@mantine/core";
import { useAgents } from "@signalbox/client/react";
import { IconRobotOff } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { Link } from "wouter";
import { DefinitionList } from "../ui/definition-list.tsx";
import { JsonView } from "../ui/json-view.tsx";
import { Page, Panel } from "../ui/page.tsx";
import { EmptyState, HistoryLostAlert, LoadingState } from "../ui/page-states.tsx";
import { Tag } from "../ui/tag.tsx";
import { localizeTimes, RelativeTime } from "../ui/time.tsx";
import { runsOf, verdictTones } from "./agents.ts";
import { useEvents } from "./event-list.ts";
import { RecentEvents } from "./recent-events.tsx";
import { Runs } from "./runs.tsx";

/** One agent: its status, runs and log. */
export function AgentPage({ id }: { id: string }) {
  const { items, isLive } = useAgents();
  const log = useEvents({ topics: [`agent:${id}`], max: 1_000 });
  const runs = useMemo(() => runsOf(log.events), [log.events]);
  const [dismissed, setDismissed] = useState(log.gap);
  const agent = items.find(({ agentId }) => agentId === id);
  const back = (
    <Anchor component={Link} href="/monitoring/agents" size="sm">
      All agents
    </Anchor>
  );

  if (!agent && !isLive && items.length === 0) {
    return (
      <Page title={id} actions={back}>
        <LoadingState />
      </Page>
    );
  }
  return (
    <Page title={id} actions={back}>
      {log.gap && log.gap !== dismissed && (
        <HistoryLostAlert gap={log.gap} dismiss={() => setDismissed(log.gap)}>
          The runs and the log below start after the gap.
        </HistoryLostAlert>
      )}
      {agent ? (
        <SimpleGrid cols={{ base: 1, md: 2 }}>
          <Panel title="Status" actions={<Tag tone={verdictTones[agent.verdict.state]}>{agent.verdict.state}</Tag>}>
            <Text size="sm">{localizeTimes(agent.verdict.reason)}</Text>
            <DefinitionList
              entries={{
                "In flight": `${agent.inFlight.length} of ${agent.concurrency}`,
                Capabilities: agent.capabilities.join(", ") || "none",
                "Last seen": <RelativeTime at={agent.lastSeen} />,
              }}
            />
          </Panel>
          <Panel title="Agent">
            <DefinitionList
              entries={{
                User: agent.userId,
                Connected: <RelativeTime at={agent.connectedAt} />,
                Instance: agent.instanceId,
                "Working directory": agent.workdir,
              }}
            />
            {agent.metadata && <JsonView value={agent.metadata} />}
          </Panel>
        </SimpleGrid>
      ) : (
        <EmptyState icon={IconRobotOff} title={`Agent ${id} is not connected`}>
          The log below shows its earlier events.
        </EmptyState>
      )}
      <Panel title="Runs">
        <Runs runs={runs} isReady={log.isLive} />
      </Panel>
      <Panel title="Event log">
        <RecentEvents list={log} />
      </Panel>
    </Page>
  );
}
