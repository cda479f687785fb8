import { Chip, Group, Select, TextInput } from "@mantine/core";
import { memo } from "react";
import { useQueryParams } from "../ui/use-query-params.ts";
import { statusWords, type TaskFilter, taskStatuses } from "./tasks.ts";

/** Which tasks are shown. It stands in the address. */
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

/** Is drawn again when there are others, and not with every change of a task. */
export const TaskFilters = memo(function TaskFilters({ streams, agents }: TaskFiltersProps) {
  const { filter, set } = useTaskFilter();
  return (
    <>
      <Choice name="Stream" data={streams} value={filter.stream} choose={(value) => set("stream", value)} />
      <Choice name="Agent" data={agents} value={filter.agent} choose={(value) => set("agent", value)} />
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

interface ChoiceProps {
  name: string;
  data: TaskFiltersProps["streams"] | string[];
  value: string | null;
  choose(value: string | null): void;
}

function Choice({ name, data, value, choose }: ChoiceProps) {
  return (
    <Select
      size="xs"
      aria-label={name}
      placeholder={`Every ${name.toLowerCase()}`}
      data={data}
      value={value}
      onChange={choose}
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
            {statusWords[status].word} {counts[status] ?? 0}
          </Chip>
        ))}
      </Group>
    </Chip.Group>
  );
});
