import type { TaskStatus } from "../../shared/entities/task.ts";

/**
 * What a task of each status may become. A completed one can be taken up again, but neither cancelled nor blocked; a
 * cancelled one has to become pending first.
 */
export const nextStatuses: { readonly [Status in TaskStatus]: readonly TaskStatus[] } = {
  pending: ["in_progress", "blocked", "completed", "cancelled"],
  in_progress: ["pending", "blocked", "completed", "cancelled"],
  blocked: ["pending", "in_progress", "completed", "cancelled"],
  completed: ["pending", "in_progress"],
  cancelled: ["pending"],
};

/** The same status is no change, and always possible. */
export function mayBecome(from: TaskStatus, to: TaskStatus): boolean {
  return from === to || nextStatuses[from].includes(to);
}

/** No work is left to do, unless the task is taken up again. */
export function isFinished(status: TaskStatus): boolean {
  return status === "completed" || status === "cancelled";
}
