import { Chip, Group, Select, TextInput } from "@mantine/core";
import { memo } from "react";
import { useSearchParams } from "wouter";
import { statusWords, type TaskFilter, taskStatuses } from "./tasks.ts";

/** Which tasks are shown. It stands in the address: what is seen can be sent to somebody. */
export function useTaskFilter() {
  const [parameters, setParameters] = useSearchParams();
  const filter: TaskFilter = {
    statuses: parameters.get("status")?.split(",").filter(Boolean) ?? [],
    stream: parameters.get("stream"),
    agent: parameters.get("agent"),
    search: parameters.get("search") ?? "",
  };
  const set = (name: "status" | "stream" | "agent" | "search", value: string | null) =>
    setParameters(
      (before) => {
        if (value) before.set(name, value);
        else before.delete(name);
        return before;
      },
      { replace: true },
    );
  return { filter, set };
}

interface TaskFiltersProps {
  streams: { value: string; label: string }[];
  agents: string[];
}

/** Is drawn again when there are others, and not with every change of a task. */
export const TaskFilters = memo(function TaskFilters({ streams, agents }: TaskFiltersProps) {
  const { filter, set } = useTaskFilter();
  return (
    <>
      <Select
        size="xs"
        aria-label="Stream"
        placeholder="Every stream"
        data={streams}
        value={filter.stream}
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
        value={filter.agent}
        onChange={(value) => set("agent", value)}
        clearable
        searchable
        limit={200}
      />
      <TextInput
        size="xs"
        type="search"
        aria-label="Search tasks"
        placeholder="Search"
        value={filter.search}
        onChange={(event) => set("search", event.currentTarget.value)}
      />
    </>
  );
});

export const StatusFilter = memo(function StatusFilter({ counts }: { counts: Partial<Record<string, number>> }) {
  const { filter, set } = useTaskFilter();
  return (
    <Chip.Group multiple value={[...filter.statuses]} onChange={(value) => set("status", value.join(","))}>
      <Group gap="xs" role="group" aria-label="Status">
        {taskStatuses.map((status) => (
          <Chip key={status} size="xs" value={status} variant="outline">
            {statusWords[status].word} {counts[status] ?? 0}
          </Chip>
        ))}
      </Group>
    </Chip.Group>
  );
});
