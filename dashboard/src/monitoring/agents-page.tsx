import { TextInput } from "@mantine/core";
import type { Agent } from "@signalbox/client";
import { useAgents } from "@signalbox/client/react";
import { IconRobot } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { Page } from "../ui/page.tsx";
import { EmptyState, ErrorAlert, LoadingState } from "../ui/page-states.tsx";
import { Tag } from "../ui/tag.tsx";
import { localizeTimes, RelativeTime } from "../ui/time.tsx";
import { type Column, VirtualTable } from "../ui/virtual-table.tsx";
import { byUrgency, verdictTones } from "./agents.ts";

const columns: Column<Agent>[] = [
  { key: "agent", title: "Agent", width: "minmax(7rem, 1.2fr)", cell: ({ agentId }) => agentId },
  {
    key: "verdict",
    title: "Status",
    width: "8rem",
    cell: ({ verdict }) => <Tag tone={verdictTones[verdict.state]}>{verdict.state}</Tag>,
  },
  {
    key: "reason",
    title: "Reason",
    width: "minmax(0, 2fr)",
    isWideOnly: true,
    cell: ({ verdict }) => <span title={verdict.reason}>{localizeTimes(verdict.reason)}</span>,
  },
  {
    key: "work",
    title: "In flight",
    width: "5rem",
    isNumeric: true,
    cell: ({ inFlight, concurrency }) => `${inFlight.length} / ${concurrency}`,
  },
  {
    key: "capabilities",
    title: "Capabilities",
    width: "minmax(0, 1fr)",
    isWideOnly: true,
    cell: ({ capabilities }) => capabilities.join(", "),
  },
  {
    key: "seen",
    title: "Last seen",
    width: "7rem",
    isWideOnly: true,
    cell: ({ lastSeen }) => <RelativeTime at={lastSeen} />,
  },
];

export function AgentsPage() {
  const { items, isLive, error } = useAgents();
  const [search, setSearch] = useState("");
  const agents = useMemo(() => {
    const query = search.trim().toLowerCase();
    return byUrgency(items).filter(({ agentId, capabilities, verdict }) =>
      [agentId, verdict.state, ...capabilities].some((text) => text.toLowerCase().includes(query)),
    );
  }, [items, search]);
  const isReady = isLive || items.length > 0;
  return (
    <Page
      title="Agents"
      fills
      actions={
        <TextInput
          size="xs"
          type="search"
          aria-label="Search agents"
          placeholder="Name, status, capability"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      }
    >
      {error !== null && <ErrorAlert error={error}>Retrying every few seconds.</ErrorAlert>}
      {!isReady && error === null && <LoadingState />}
      {isReady && agents.length === 0 && (
        <EmptyState icon={IconRobot} title={items.length === 0 ? "No agents yet" : "No matching agents"}>
          {items.length === 0 && "Agents connect with createAgent from @signalbox/client/agent."}
        </EmptyState>
      )}
      {agents.length > 0 && (
        <VirtualTable
          label="Agents"
          rows={agents}
          columns={columns}
          keyOf={({ agentId }) => agentId}
          hrefOf={({ agentId }) => `/monitoring/agents/${encodeURIComponent(agentId)}`}
        />
      )}
    </Page>
  );
}
