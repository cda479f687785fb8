import { Chip, Group, Select, TextInput } from "@mantine/core";
import { useStreams } from "@signalbox/client/react";
import { IconChecklist } from "@tabler/icons-react";
import { useDeferredValue, useMemo, useState } from "react";
import { useLocation, useParams, useSearch, useSearchParams } from "wouter";
import { Page } from "../parts/page.tsx";
import { Empty, Problem, Waiting } from "../parts/states.tsx";
import { Tag } from "../parts/tag.tsx";
import { type Column, type Sort, VirtualTable } from "../parts/virtual-table.tsx";
import { TaskDrawer } from "./task-drawer.tsx";
import { filtered, sorted, statusWords, type TaskView, taskStatuses, useTaskViews } from "./tasks.ts";

export function TasksPage() {
  const { tasks, isReady, error } = useTaskViews();
  const { items: streams } = useStreams();
  const [parameters, setParameters] = useSearchParams();
  const [sort, setSort] = useState<Sort>({ by: "status", isDown: false });
  const [, go] = useLocation();
  const query = useSearch();
  const { id } = useParams<{ id?: string }>();

  const statuses = parameters.get("status")?.split(",").filter(Boolean) ?? [];
  const [stream, agent] = [parameters.get("stream"), parameters.get("agent")];
  const search = useDeferredValue(parameters.get("search") ?? "");
  const wanted = statuses.join(",");
  const rows = useMemo(
    () => sorted(filtered(tasks, { statuses: wanted === "" ? [] : wanted.split(","), stream, agent, search }), sort),
    [tasks, wanted, stream, agent, search, sort],
  );
  const counts = useMemo(() => countBy(tasks), [tasks]);
  const names = useMemo(() => new Map(streams.map(({ streamId, streamName }) => [streamId, streamName])), [streams]);
  const agents = useMemo(() => [...new Set(tasks.flatMap(({ agentId }) => agentId ?? []))].sort(), [tasks]);

  /** Filters stand in the address: what is seen can be sent to somebody. */
  const set = (name: string, value: string | null) =>
    setParameters(
      (before) => {
        if (value) before.set(name, value);
        else before.delete(name);
        return before;
      },
      { replace: true },
    );
  const suffix = query === "" ? "" : `?${query}`;
  const opened = id === undefined ? undefined : decodeURIComponent(id);

  return (
    <Page
      title="Tasks"
      fills
      actions={
        <>
          <Select
            size="xs"
            aria-label="Stream"
            placeholder="Every stream"
            data={streams.map(({ streamId, streamName }) => ({ value: streamId, label: streamName }))}
            value={stream}
            onChange={(value) => set("stream", value)}
            clearable
            searchable
            limit={200}
          />
          <Select
            size="xs"
            aria-label="Agent"
            placeholder="Every agent"
            data={agents}
            value={agent}
            onChange={(value) => set("agent", value)}
            clearable
            searchable
          />
          <TextInput
            size="xs"
            type="search"
            aria-label="Search tasks"
            placeholder="Search"
            value={parameters.get("search") ?? ""}
            onChange={(event) => set("search", event.currentTarget.value)}
          />
        </>
      }
    >
      <Chip.Group multiple value={statuses} onChange={(value) => set("status", value.join(","))}>
        <Group gap="xs" role="group" aria-label="Status">
          {taskStatuses.map((status) => (
            <Chip key={status} size="xs" value={status} variant="outline">
              {statusWords[status].word} {counts[status] ?? 0}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
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
          columns={columnsWith(names)}
          keyOf={(task) => task.id}
          hrefOf={(task) => `/monitoring/tasks/${encodeURIComponent(task.id)}${suffix}`}
          sort={sort}
          onSort={(by) => setSort((before) => ({ by, isDown: before.by === by && !before.isDown }))}
        />
      )}
      <TaskDrawer
        id={opened}
        task={tasks.find((task) => task.id === opened)}
        isReady={isReady}
        close={() => go(`/monitoring/tasks${suffix}`)}
      />
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

function countBy(tasks: readonly TaskView[]): Partial<Record<string, number>> {
  const counts: Partial<Record<string, number>> = {};
  for (const { status } of tasks) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
