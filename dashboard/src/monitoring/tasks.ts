import { EventType, type Task } from "@signalbox/client";
import { useTasks } from "@signalbox/client/react";
import { useMemo } from "react";
import type { Tone } from "../parts/tag.tsx";
import type { Sort } from "../parts/virtual-table.tsx";
import { useEvents } from "./event-list.ts";
import { isEvent } from "./is-event.ts";

export type TaskStatus = Task["status"];

/** In the order in which they want to be looked at. */
export const taskStatuses: readonly TaskStatus[] = ["blocked", "in_progress", "pending", "completed", "cancelled"];

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
}

export interface TaskFilter {
  statuses: readonly string[];
  stream: string | null;
  agent: string | null;
  search: string;
}

/** All tasks with their agents. */
export function useTaskViews() {
  const { items, isLive, error } = useTasks();
  const { events } = useEvents({ topics: ["agent:*"], types: ["task_dispatched"], most: 5_000 });
  const tasks = useMemo(() => {
    const agents = new Map<string, string>();
    for (const event of events) {
      if (!isEvent(event, EventType.TaskDispatched)) continue;
      const { taskId, agentId } = event.data;
      if (taskId !== undefined) agents.set(taskId, agentId);
    }
    return items.map((task): TaskView => ({ ...task, agentId: agents.get(task.id) }));
  }, [items, events]);
  return { tasks, isReady: isLive || items.length > 0, isLive, error };
}

export function filtered(tasks: readonly TaskView[], { statuses, stream, agent, search }: TaskFilter): TaskView[] {
  const wanted = search.trim().toLowerCase();
  return tasks.filter(
    (task) =>
      (statuses.length === 0 || statuses.includes(task.status)) &&
      (stream === null || task.streamId === stream) &&
      (agent === null || task.agentId === agent) &&
      (wanted === "" ||
        task.title.toLowerCase().includes(wanted) ||
        task.id.toLowerCase().includes(wanted) ||
        (task.blockedReason?.toLowerCase().includes(wanted) ?? false)),
  );
}

const collator = new Intl.Collator(undefined, { numeric: true });

const keys: Record<string, (one: TaskView, other: TaskView) => number> = {
  title: (one, other) => collator.compare(one.title, other.title),
  status: (one, other) => taskStatuses.indexOf(one.status) - taskStatuses.indexOf(other.status),
  stream: (one, other) => collator.compare(one.streamId ?? "", other.streamId ?? ""),
  agent: (one, other) => collator.compare(one.agentId ?? "", other.agentId ?? ""),
};

export function sorted(tasks: TaskView[], { by, isDown }: Sort): TaskView[] {
  const compare = keys[by] ?? (() => 0);
  const sign = isDown ? -1 : 1;
  return tasks.sort((one, other) => sign * compare(one, other) || collator.compare(one.title, other.title));
}
