import { Anchor, SimpleGrid, Text } from "@mantine/core";
import { useAgents } from "@signalbox/client/react";
import { IconRobotOff } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { Link } from "wouter";
import { Facts } from "../parts/facts.tsx";
import { JsonView } from "../parts/json-view.tsx";
import { Page, Panel } from "../parts/page.tsx";
import { Empty, HistoryLost, Waiting } from "../parts/states.tsx";
import { Tag } from "../parts/tag.tsx";
import { Ago, withLocalTimes } from "../parts/time.tsx";
import { runsOf, verdictTones } from "./agents.ts";
import { EventLines } from "./event-lines.tsx";
import { useEvents } from "./event-list.ts";
import { Runs } from "./runs.tsx";

/** One agent: whether it works, at what, and what it did. */
export function AgentPage({ id }: { id: string }) {
  const { items, isLive } = useAgents();
  const log = useEvents({ topics: [`agent:${id}`], most: 1_000 });
  const runs = useMemo(() => runsOf(log.events), [log.events]);
  const [seen, setSeen] = useState(log.gap);
  const agent = items.find(({ agentId }) => agentId === id);
  const back = (
    <Anchor component={Link} href="/monitoring/agents" size="sm">
      All agents
    </Anchor>
  );

  if (!agent && !isLive && items.length === 0) {
    return (
      <Page title={id} actions={back}>
        <Waiting />
      </Page>
    );
  }
  return (
    <Page title={id} actions={back}>
      {log.gap && log.gap !== seen && (
        <HistoryLost gap={log.gap} dismiss={() => setSeen(log.gap)}>
          The runs and the log below begin after it.
        </HistoryLost>
      )}
      {agent ? (
        <SimpleGrid cols={{ base: 1, md: 2 }}>
          <Panel title="Verdict" actions={<Tag tone={verdictTones[agent.verdict.state]}>{agent.verdict.state}</Tag>}>
            <Text size="sm">{withLocalTimes(agent.verdict.reason)}</Text>
            <Facts
              facts={{
                "In flight": `${agent.inFlight.length} of ${agent.concurrency} at once`,
                Can: agent.capabilities.join(", ") || "nothing that it has named",
                "Last seen": <Ago at={agent.lastSeen} />,
              }}
            />
          </Panel>
          <Panel title="Agent">
            <Facts
              facts={{
                User: agent.userId,
                Connected: <Ago at={agent.connectedAt} />,
                Instance: agent.instanceId,
                Folder: agent.workdir,
              }}
            />
            {agent.metadata && <JsonView value={agent.metadata} />}
          </Panel>
        </SimpleGrid>
      ) : (
        <Empty icon={IconRobotOff} title={`No agent ${id} is known any more`}>
          It may have gone some time ago. What the log still has of it is below.
        </Empty>
      )}
      <Panel title="Runs">
        <Runs runs={runs} isReady={log.isLive} />
      </Panel>
      <Panel title="Event log">
        <EventLines list={log} />
      </Panel>
    </Page>
  );
}
