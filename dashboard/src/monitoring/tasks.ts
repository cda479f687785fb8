import { type Envelope, EventType, type Task } from "@signalbox/client";
import { useTasks } from "@signalbox/client/react";
import { useCallback, useMemo } from "react";
import { type Chunked, mapInChunks, sortInChunks } from "../ui/chunked-work.ts";
import { isEvent } from "../ui/is-event.ts";
import type { Tone } from "../ui/tag.tsx";
import { useChunked } from "../ui/use-chunked.ts";
import type { Sort } from "../ui/virtual-table.tsx";
import { useEvents } from "./event-list.ts";

export type TaskStatus = Task["status"];

/** In the order in which they want to be looked at. */
export const taskStatuses: readonly TaskStatus[] = ["blocked", "in_progress", "pending", "completed", "cancelled"];

const ranks = Object.fromEntries(taskStatuses.map((status, rank) => [status, rank])) as Record<TaskStatus, number>;

export const statusWords: Record<TaskStatus, { word: string; tone: Tone }> = {
  blocked: { word: "Blocked", tone: "bad" },
  in_progress: { word: "In progress", tone: "busy" },
  pending: { word: "Pending", tone: "waiting" },
  completed: { word: "Completed", tone: "good" },
  cancelled: { word: "Cancelled", tone: "quiet" },
};

export interface TaskView extends Task {
  /** Who was given it last, as far as the log goes back. */
  agentId: string | undefined;
  /** What it is compared with others by: made once, and not with each of the comparisons that one of thousands is in. */
  sortKeys: { title: string; stream: string; agent: string };
}

export interface TaskFilter {
  statuses: readonly string[];
  stream: string | null;
  agent: string | null;
  search: string;
}

/** The tasks that are wanted, in order, and what there is to choose from. */
export interface TaskTable {
  rows: TaskView[];
  tasks: TaskView[];
  counts: Partial<Record<TaskStatus, number>>;
  /** Who was given any. */
  agents: string[];
  /** The tasks have been read. */
  isReady: boolean;
}

/** All tasks with their agents; thousands are made ready piece by piece. */
export function useTaskTable(filter: TaskFilter, sort: Sort) {
  const { items, isLive, error } = useTasks();
  const { events } = useEvents({ topics: ["agent:*"], types: ["task_dispatched"], most: 5_000 });
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
  const isWanted = wantedBy(filter);
  const wanted = yield* mapInChunks(tasks, (task) => (isWanted(task) ? task : undefined));
  const rows = yield* sortInChunks(wanted, orderOf(sort));
  return { rows, tasks, counts, agents: [...agents].sort(), isReady };
}

const views = new WeakMap<Task, TaskView>();

/** The same view of the same task, so that what has not changed need not be drawn again. */
function viewOf(task: Task, agentId: string | undefined): TaskView {
  const known = views.get(task);
  if (known && known.agentId === agentId) return known;
  const sortKeys = { title: sortKeyOf(task.title), stream: sortKeyOf(task.streamId), agent: sortKeyOf(agentId) };
  const view = { ...task, agentId, sortKeys };
  views.set(task, view);
  return view;
}

function wantedBy({ statuses, stream, agent, search }: TaskFilter): (task: TaskView) => boolean {
  const wanted = search.trim().toLowerCase();
  return (task) =>
    (statuses.length === 0 || statuses.includes(task.status)) &&
    (stream === null || task.streamId === stream) &&
    (agent === null || task.agentId === agent) &&
    (wanted === "" ||
      task.title.toLowerCase().includes(wanted) ||
      task.id.toLowerCase().includes(wanted) ||
      (task.blockedReason?.toLowerCase().includes(wanted) ?? false));
}

/** What texts are compared by, `part 9` before `part 10`: comparing by language takes too long for thousands. */
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

function orderOf({ by, isDown }: Sort): (one: TaskView, other: TaskView) => number {
  const keyOf = keys[by] ?? (() => 0);
  const sign = isDown ? -1 : 1;
  return (one, other) => sign * compare(keyOf(one), keyOf(other)) || compare(one.sortKeys.title, other.sortKeys.title);
}
