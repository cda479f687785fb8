import { Chip, Group, Select, TextInput } from "@mantine/core";
import { memo } from "react";
import { useQueryParams } from "../ui/use-query-params.ts";
import { statusLabels, type TaskFilter, taskStatuses } from "./tasks.ts";

/** The task filter, stored in the query string. */
export function useTaskFilter() {
  const { parameters, set } = useQueryParams<"status" | "stream" | "agent" | "search">();
  const filter: TaskFilter = {
    statuses: parameters.get("status")?.split(",").filter(Boolean) ?? [],
    stream: parameters.get("stream"),
    agent: parameters.get("agent"),
    search: parameters.get("search") ?? "",
  };
  return { filter, set };
}

interface TaskFiltersProps {
  streams: { value: string; label: string }[];
  agents: string[];
}

/** Memoized: changes of tasks do not render the filters again. */
export const TaskFilters = memo(function TaskFilters({ streams, agents }: TaskFiltersProps) {
  const { filter, set } = useTaskFilter();
  return (
    <>
      <FilterSelect name="Stream" data={streams} value={filter.stream} onSelect={(value) => set("stream", value)} />
      <FilterSelect name="Agent" data={agents} value={filter.agent} onSelect={(value) => set("agent", value)} />
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

interface FilterSelectProps {
  name: string;
  data: TaskFiltersProps["streams"] | string[];
  value: string | null;
  onSelect(value: string | null): void;
}

function FilterSelect({ name, data, value, onSelect }: FilterSelectProps) {
  return (
    <Select
      size="xs"
      aria-label={name}
      placeholder={`All ${name.toLowerCase()}s`}
      data={data}
      value={value}
      onChange={onSelect}
      clearable
      searchable
      limit={200}
    />
  );
}

export const StatusFilter = memo(function StatusFilter({ counts }: { counts: Partial<Record<string, number>> }) {
  const { filter, set } = useTaskFilter();
  return (
    <Chip.Group multiple value={[...filter.statuses]} onChange={(value) => set("status", value.join(","))}>
      <Group gap="xs" role="group" aria-label="Status">
        {taskStatuses.map((status) => (
          <Chip key={status} size="xs" value={status} variant="outline">
            {statusLabels[status].text} {counts[status] ?? 0}
          </Chip>
        ))}
      </Group>
    </Chip.Group>
  );
});
