import type { Task } from "../../shared/entities/task.ts";
import type { StreamProgress } from "../../shared/entities/task-stream.ts";
import { streamBlocked, streamCompleted, streamProgress } from "../../shared/events/task-events.ts";
import { streamRoom } from "../../shared/room.ts";
import { type KeptStream, type Told, tell } from "./task-records.ts";

/** The tasks of a stream, counted. Cancelled ones do not count. */
export interface Tally {
  total: number;
  completed: number;
  blocked: number;
}

export const emptyTally: Tally = { total: 0, completed: 0, blocked: 0 };

/** What a task counts for. */
function shareOf(task: Task | undefined): Tally {
  if (!task || task.status === "cancelled") return emptyTally;
  return { total: 1, completed: Number(task.status === "completed"), blocked: Number(task.status === "blocked") };
}

/** The counts after one task has changed; `undefined` where it is not in the stream. */
export function recount(tally: Tally, before: Task | undefined, after: Task | undefined): Tally {
  const [less, more] = [shareOf(before), shareOf(after)];
  return {
    total: tally.total - less.total + more.total,
    completed: tally.completed - less.completed + more.completed,
    blocked: tally.blocked - less.blocked + more.blocked,
  };
}

/** Rounded down to hundredths, so that 100 means all. */
export function percentageOf({ total, completed }: Tally): number {
  return total === 0 ? 0 : Math.floor((completed * 10_000) / total) / 100;
}

export function progressOf({ stream, tally, lastUpdated }: KeptStream): StreamProgress {
  return {
    streamId: stream.id,
    streamName: stream.name,
    totalTasks: tally.total,
    completedTasks: tally.completed,
    progressPercentage: percentageOf(tally),
    lastUpdated,
  };
}

const isCompleted = ({ total, completed }: Tally) => total > 0 && completed === total;

/**
 * The stream after one of its tasks has changed, with what there is to tell: its progress if that is another, that it
 * is completed when it was not, that it is blocked when nothing in it was. `undefined`: it is as it was.
 */
export function changedStream(
  before: KeptStream,
  task: { before: Task | undefined; after: Task | undefined },
  now: number,
): { kept: KeptStream; told: Told[] } | undefined {
  const tally = recount(before.tally, task.before, task.after);
  const { total, completed, blocked } = before.tally;
  const isProgress = tally.total !== total || tally.completed !== completed;
  if (!isProgress && tally.blocked === blocked) return undefined;

  const earlier = Date.parse(before.lastUpdated);
  const lastUpdated = new Date(isProgress ? Math.max(now, earlier) : earlier).toISOString();
  const kept = { ...before, tally, lastUpdated };
  const room = streamRoom(before.stream.id);
  const progress = progressOf(kept);
  const told: Told[] = [];
  if (isProgress) told.push(tell(streamProgress, room, progress));
  if (isCompleted(tally) && !isCompleted(before.tally)) told.push(tell(streamCompleted, room, progress));
  if (tally.blocked > 0 && blocked === 0 && task.after) {
    told.push(tell(streamBlocked, room, { ...progress, blockedTasks: [task.after.id] }));
  }
  return { kept, told };
}
