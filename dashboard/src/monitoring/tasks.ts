import { type Envelope, EventType, type Task } from "@signalbox/client";
import { useTasks } from "@signalbox/client/react";
import { useCallback, useMemo } from "react";
import { type Chunked, mapInChunks, sortInChunks } from "../ui/chunked-work.ts";
import { isEvent } from "../ui/is-event.ts";
import type { Tone } from "../ui/tag.tsx";
import { useChunked } from "../ui/use-chunked.ts";
import type { Sort } from "../ui/virtual-table.tsx";
import { useEvents } from "./event-list.ts";

type TaskStatus = Task["status"];

/** By urgency. */
export const taskStatuses: readonly TaskStatus[] = ["blocked", "in_progress", "pending", "completed", "cancelled"];

const ranks = Object.fromEntries(taskStatuses.map((status, rank) => [status, rank])) as Record<TaskStatus, number>;

export const statusLabels: Record<TaskStatus, { text: string; tone: Tone }> = {
  blocked: { text: "Blocked", tone: "bad" },
  in_progress: { text: "In progress", tone: "busy" },
  pending: { text: "Pending", tone: "waiting" },
  completed: { text: "Completed", tone: "good" },
  cancelled: { text: "Cancelled", tone: "quiet" },
};

export interface TaskView extends Task {
  /** The agent of the last dispatch in the log. */
  agentId: string | undefined;
  /** Computed once, since sorting thousands of tasks compares each of them many times. */
  sortKeys: { title: string; stream: string; agent: string };
}

export interface TaskFilter {
  statuses: readonly string[];
  stream: string | null;
  agent: string | null;
  search: string;
}

/** Filtered and sorted tasks, and the values to filter by. */
export interface TaskTable {
  rows: TaskView[];
  tasks: TaskView[];
  counts: Partial<Record<TaskStatus, number>>;
  /** Agents with at least one task. */
  agents: string[];
  /** The tasks have been loaded. */
  isReady: boolean;
}

/** The task table, computed in chunks because there may be thousands of tasks. */
export function useTaskTable(filter: TaskFilter, sort: Sort) {
  const { items, isLive, error } = useTasks();
  const { events } = useEvents({ topics: ["agent:*"], types: ["task_dispatched"], max: 5_000 });
  const agents = useMemo(() => agentsByTask(events), [events]);
  const isReady = isLive || items.length > 0;
  const work = useCallback(() => tableOf(items, agents, filter, sort, isReady), [items, agents, filter, sort, isReady]);
  return { table: useChunked(work), error };
}

function agentsByTask(events: readonly Envelope[]): ReadonlyMap<string, string> {
  const agents = new Map<string, string>();
  for (const event of events) {
    if (!isEvent(event, EventType.TaskDispatched)) continue;
    const { taskId, agentId } = event.data;
    if (taskId !== undefined) agents.set(taskId, agentId);
  }
  return agents;
}

function* tableOf(
  items: readonly Task[],
  agentOf: ReadonlyMap<string, string>,
  filter: TaskFilter,
  sort: Sort,
  isReady: boolean,
): Chunked<TaskTable> {
  const counts: TaskTable["counts"] = {};
  const agents = new Set<string>();
  const tasks = yield* mapInChunks(items, (task) => {
    const view = viewOf(task, agentOf.get(task.id));
    counts[task.status] = (counts[task.status] ?? 0) + 1;
    if (view.agentId !== undefined) agents.add(view.agentId);
    return view;
  });
  const matches = matcherOf(filter);
  const matching = yield* mapInChunks(tasks, (task) => (matches(task) ? task : undefined));
  const rows = yield* sortInChunks(matching, comparatorOf(sort));
  return { rows, tasks, counts, agents: [...agents].sort(), isReady };
}

const views = new WeakMap<Task, TaskView>();

/** Returns the same object for an unchanged task, so that its row is not rendered again. */
function viewOf(task: Task, agentId: string | undefined): TaskView {
  const known = views.get(task);
  if (known && known.agentId === agentId) return known;
  const sortKeys = { title: sortKeyOf(task.title), stream: sortKeyOf(task.streamId), agent: sortKeyOf(agentId) };
  const view = { ...task, agentId, sortKeys };
  views.set(task, view);
  return view;
}

function matcherOf({ statuses, stream, agent, search }: TaskFilter): (task: TaskView) => boolean {
  const query = search.trim().toLowerCase();
  return (task) =>
    (statuses.length === 0 || statuses.includes(task.status)) &&
    (stream === null || task.streamId === stream) &&
    (agent === null || task.agentId === agent) &&
    (query === "" ||
      task.title.toLowerCase().includes(query) ||
      task.id.toLowerCase().includes(query) ||
      (task.blockedReason?.toLowerCase().includes(query) ?? false));
}

/** Sorts `part 9` before `part 10`. `localeCompare` is too slow for thousands of tasks. */
function sortKeyOf(text = ""): string {
  return text.toLowerCase().replace(/\d+/g, (digits) => digits.padStart(12, "0"));
}

const keys: Record<string, (task: TaskView) => string | number> = {
  title: ({ sortKeys }) => sortKeys.title,
  status: ({ status }) => ranks[status],
  stream: ({ sortKeys }) => sortKeys.stream,
  agent: ({ sortKeys }) => sortKeys.agent,
};

const compare = <Key extends string | number>(one: Key, other: Key) => (one < other ? -1 : one > other ? 1 : 0);

function comparatorOf({ by, isDescending }: Sort): (one: TaskView, other: TaskView) => number {
  const keyOf = keys[by] ?? (() => 0);
  const sign = isDescending ? -1 : 1;
  return (one, other) => sign * compare(keyOf(one), keyOf(other)) || compare(one.sortKeys.title, other.sortKeys.title);
}
