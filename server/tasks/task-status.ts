import type { TaskStatus } from "../../shared/entities/task.ts";

/**
 * The possible next statuses of each status. A completed task can be reopened, but neither cancelled nor blocked. A
 * cancelled task must become pending first.
 */
export const nextStatuses: { readonly [Status in TaskStatus]: readonly TaskStatus[] } = {
  pending: ["in_progress", "blocked", "completed", "cancelled"],
  in_progress: ["pending", "blocked", "completed", "cancelled"],
  blocked: ["pending", "in_progress", "completed", "cancelled"],
  completed: ["pending", "in_progress"],
  cancelled: ["pending"],
};

/** Whether a task may change from one status to another. The same status is always possible. */
export function mayBecome(from: TaskStatus, to: TaskStatus): boolean {
  return from === to || nextStatuses[from].includes(to);
}

/** Whether no work is left, unless the task is reopened. */
export function isFinished(status: TaskStatus): boolean {
  return status === "completed" || status === "cancelled";
}
