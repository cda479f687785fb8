import type { Task } from "../../shared/entities/task.ts";
import type { StreamProgress } from "../../shared/entities/task-stream.ts";
import { streamBlocked, streamCompleted, streamProgress } from "../../shared/events/task-events.ts";
import { streamRoom } from "../../shared/room.ts";
import { timestampAt } from "../runtime/clock.ts";
import { type NewEvent, newEvent, type StreamRecord } from "./task-records.ts";

/** The tasks of a stream, counted. Cancelled ones do not count. */
export interface StreamCounters {
  total: number;
  completed: number;
  blocked: number;
}

export const noTasks: StreamCounters = { total: 0, completed: 0, blocked: 0 };

/** The contribution of one task to the counters. */
function shareOf(task: Task | undefined): StreamCounters {
  if (!task || task.status === "cancelled") return noTasks;
  return { total: 1, completed: Number(task.status === "completed"), blocked: Number(task.status === "blocked") };
}

/** The counters after a change of one task; `undefined`: the task is not in the stream then. */
function recount(counters: StreamCounters, before: Task | undefined, after: Task | undefined): StreamCounters {
  const [less, more] = [shareOf(before), shareOf(after)];
  return {
    total: counters.total - less.total + more.total,
    completed: counters.completed - less.completed + more.completed,
    blocked: counters.blocked - less.blocked + more.blocked,
  };
}

/** The percentage of completed tasks, rounded down to hundredths, so that 100 means all. */
function percentageOf({ total, completed }: StreamCounters): number {
  return total === 0 ? 0 : Math.floor((completed * 10_000) / total) / 100;
}

export function progressOf({ stream, counters, lastUpdated }: StreamRecord): StreamProgress {
  return {
    streamId: stream.id,
    streamName: stream.name,
    totalTasks: counters.total,
    completedTasks: counters.completed,
    progressPercentage: percentageOf(counters),
    lastUpdated,
  };
}

const isCompleted = ({ total, completed }: StreamCounters) => total > 0 && completed === total;

/**
 * The stream after a change of one of its tasks, with the events: progress if it has changed, completed if the stream
 * was not before, blocked if no task was before. `undefined`: the stream has not changed.
 */
export function changedStream(
  before: StreamRecord,
  task: { before: Task | undefined; after: Task | undefined },
  now: number,
): { record: StreamRecord; events: NewEvent[] } | undefined {
  const counters = recount(before.counters, task.before, task.after);
  const { total, completed, blocked } = before.counters;
  const isProgress = counters.total !== total || counters.completed !== completed;
  if (!isProgress && counters.blocked === blocked) return undefined;

  const earlier = Date.parse(before.lastUpdated);
  const lastUpdated = timestampAt(isProgress ? Math.max(now, earlier) : earlier);
  const record = { ...before, counters, lastUpdated };
  const room = streamRoom(before.stream.id);
  const progress = progressOf(record);
  const events: NewEvent[] = [];
  if (isProgress) events.push(newEvent(streamProgress, room, progress));
  if (isCompleted(counters) && !isCompleted(before.counters)) events.push(newEvent(streamCompleted, room, progress));
  if (counters.blocked > 0 && blocked === 0 && task.after) {
    events.push(newEvent(streamBlocked, room, { ...progress, blockedTasks: [task.after.id] }));
  }
  return { record, events };
}
