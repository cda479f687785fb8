import { useStreams } from "@signalbox/client/react";
import { IconChecklist } from "@tabler/icons-react";
import { useCallback, useMemo, useState } from "react";
import { useLocation, useParams, useSearch } from "wouter";
import { Deferred } from "../ui/deferred.tsx";
import { Page } from "../ui/page.tsx";
import { EmptyState, ErrorAlert, LoadingState } from "../ui/page-states.tsx";
import { Tag } from "../ui/tag.tsx";
import { useStableValue } from "../ui/use-stable-value.ts";
import { type Column, type Sort, VirtualTable } from "../ui/virtual-table.tsx";
import { TaskDrawer } from "./task-drawer.tsx";
import { StatusFilter, TaskFilters, useTaskFilter } from "./task-filters.tsx";
import { statusLabels, type TaskTable, type TaskView, useTaskTable } from "./tasks.ts";

const emptyTable: TaskTable = { rows: [], tasks: [], counts: {}, agents: [], isReady: false };

export function TasksPage() {
  const { filter } = useTaskFilter();
  const [sort, setSort] = useState<Sort>({ by: "status", isDescending: false });
  const { table, error } = useTaskTable(useStableValue(filter), sort);
  const { items: streams } = useStreams();
  const [, go] = useLocation();
  const query = useSearch();
  const { id } = useParams<{ id?: string }>();

  const { rows, tasks, isReady, ...known } = table ?? emptyTable;
  const counts = useStableValue(known.counts);
  const agents = useStableValue(known.agents);
  const options = useStableValue(streams.map(({ streamId, streamName }) => ({ value: streamId, label: streamName })));
  const columns = useMemo(() => columnsWith(new Map(options.map(({ value, label }) => [value, label]))), [options]);

  const suffix = query === "" ? "" : `?${query}`;
  const hrefOf = useCallback((task: TaskView) => `/monitoring/tasks/${encodeURIComponent(task.id)}${suffix}`, [suffix]);
  const opened = id === undefined ? undefined : decodeURIComponent(id);

  return (
    <Page title="Tasks" fills actions={<TaskFilters streams={options} agents={agents} />}>
      <Deferred>
        <StatusFilter counts={counts} />
      </Deferred>
      {error !== null && <ErrorAlert error={error}>Retrying every two seconds.</ErrorAlert>}
      {!isReady && error === null && <LoadingState />}
      {isReady && rows.length === 0 && (
        <EmptyState icon={IconChecklist} title={tasks.length === 0 ? "No tasks yet" : "No matching tasks"}>
          {tasks.length === 0 ? "A backend creates one with POST /api/tasks." : "Remove a filter."}
        </EmptyState>
      )}
      {rows.length > 0 && (
        <VirtualTable
          label="Tasks"
          rows={rows}
          columns={columns}
          keyOf={(task) => task.id}
          hrefOf={hrefOf}
          sort={sort}
          onSort={(by) => setSort((before) => ({ by, isDescending: before.by === by && !before.isDescending }))}
        />
      )}
      <Deferred>
        <TaskDrawer
          id={opened}
          task={tasks.find((task) => task.id === opened)}
          isReady={isReady}
          close={() => go(`/monitoring/tasks${suffix}`)}
        />
      </Deferred>
    </Page>
  );
}

function columnsWith(streamNames: ReadonlyMap<string, string>): Column<TaskView>[] {
  return [
    { key: "title", title: "Task", width: "minmax(8rem, 2fr)", isSortable: true, cell: (task) => task.title },
    {
      key: "status",
      title: "Status",
      width: "7.5rem",
      isSortable: true,
      cell: ({ status }) => <Tag tone={statusLabels[status].tone}>{statusLabels[status].text}</Tag>,
    },
    {
      key: "reason",
      title: "Blocked by",
      width: "minmax(0, 1.5fr)",
      isWideOnly: true,
      cell: ({ blockedReason }) => <span title={blockedReason}>{blockedReason}</span>,
    },
    {
      key: "stream",
      title: "Stream",
      width: "minmax(0, 1fr)",
      isWideOnly: true,
      isSortable: true,
      cell: ({ streamId }) => (streamId === undefined ? "" : (streamNames.get(streamId) ?? streamId)),
    },
    {
      key: "agent",
      title: "Agent",
      width: "minmax(0, 1fr)",
      isWideOnly: true,
      isSortable: true,
      cell: ({ agentId }) => agentId,
    },
  ];
}
