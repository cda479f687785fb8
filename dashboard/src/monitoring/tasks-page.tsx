import { useStreams } from "@signalbox/client/react";
import { IconChecklist } from "@tabler/icons-react";
import { useCallback, useMemo, useState } from "react";
import { useLocation, useParams, useSearch } from "wouter";
import { Later } from "../parts/later.tsx";
import { Page } from "../parts/page.tsx";
import { Empty, Problem, Waiting } from "../parts/states.tsx";
import { Tag } from "../parts/tag.tsx";
import { useStable } from "../parts/use-stable.ts";
import { type Column, type Sort, VirtualTable } from "../parts/virtual-table.tsx";
import { TaskDrawer } from "./task-drawer.tsx";
import { StatusFilter, TaskFilters, useTaskFilter } from "./task-filters.tsx";
import { statusWords, type TaskTable, type TaskView, useTaskTable } from "./tasks.ts";

const nothingYet: TaskTable = { rows: [], tasks: [], counts: {}, agents: [], isReady: false };

export function TasksPage() {
  const { filter } = useTaskFilter();
  const [sort, setSort] = useState<Sort>({ by: "status", isDown: false });
  const { table, error } = useTaskTable(useStable(filter), sort);
  const { items: streams } = useStreams();
  const [, go] = useLocation();
  const query = useSearch();
  const { id } = useParams<{ id?: string }>();

  const { rows, tasks, isReady, ...known } = table ?? nothingYet;
  const counts = useStable(known.counts);
  const agents = useStable(known.agents);
  const options = useStable(streams.map(({ streamId, streamName }) => ({ value: streamId, label: streamName })));
  const columns = useMemo(() => columnsWith(new Map(options.map(({ value, label }) => [value, label]))), [options]);

  const suffix = query === "" ? "" : `?${query}`;
  const hrefOf = useCallback((task: TaskView) => `/monitoring/tasks/${encodeURIComponent(task.id)}${suffix}`, [suffix]);
  const opened = id === undefined ? undefined : decodeURIComponent(id);

  return (
    <Page title="Tasks" fills actions={<TaskFilters streams={options} agents={agents} />}>
      <Later>
        <StatusFilter counts={counts} />
      </Later>
      {error !== null && <Problem error={error}>It is tried again every two seconds.</Problem>}
      {!isReady && error === null && <Waiting />}
      {isReady && rows.length === 0 && (
        <Empty icon={IconChecklist} title={tasks.length === 0 ? "No tasks yet" : "No task is like that"}>
          {tasks.length === 0 ? "A backend makes one with POST /api/tasks." : "Take a filter away."}
        </Empty>
      )}
      {rows.length > 0 && (
        <VirtualTable
          label="Tasks"
          rows={rows}
          columns={columns}
          keyOf={(task) => task.id}
          hrefOf={hrefOf}
          sort={sort}
          onSort={(by) => setSort((before) => ({ by, isDown: before.by === by && !before.isDown }))}
        />
      )}
      <Later>
        <TaskDrawer
          id={opened}
          task={tasks.find((task) => task.id === opened)}
          isReady={isReady}
          close={() => go(`/monitoring/tasks${suffix}`)}
        />
      </Later>
    </Page>
  );
}

function columnsWith(streamNames: ReadonlyMap<string, string>): Column<TaskView>[] {
  return [
    { key: "title", title: "Task", width: "minmax(8rem, 2fr)", sorts: true, cell: (task) => task.title },
    {
      key: "status",
      title: "Status",
      width: "7.5rem",
      sorts: true,
      cell: ({ status }) => <Tag tone={statusWords[status].tone}>{statusWords[status].word}</Tag>,
    },
    {
      key: "reason",
      title: "Held up by",
      width: "minmax(0, 1.5fr)",
      isForWide: true,
      cell: ({ blockedReason }) => <span title={blockedReason}>{blockedReason}</span>,
    },
    {
      key: "stream",
      title: "Stream",
      width: "minmax(0, 1fr)",
      isForWide: true,
      sorts: true,
      cell: ({ streamId }) => (streamId === undefined ? "" : (streamNames.get(streamId) ?? streamId)),
    },
    {
      key: "agent",
      title: "Agent",
      width: "minmax(0, 1fr)",
      isForWide: true,
      sorts: true,
      cell: ({ agentId }) => agentId,
    },
  ];
}
