import { isDeepStrictEqual } from "node:util";
import type { Task } from "../../shared/entities/task.ts";
import type { StreamProgress } from "../../shared/entities/task-stream.ts";
import type { LoggedEnvelope } from "../../shared/envelope.ts";
import { EventType } from "../../shared/event-type.ts";
import type { StreamId } from "../../shared/ids.ts";

type Expected = [type: EventType, data: unknown];

/** The streams as they were told of so far; each is counted anew from all of its tasks, every time. */
class Told {
  readonly tasks = new Map<string, Task>();
  readonly streams = new Map<string, StreamProgress>();

  recount(id: StreamId): Omit<StreamProgress, "streamName" | "lastUpdated"> & { blockedTasks: string[] } {
    const counted = [...this.tasks.values()].filter(
      ({ streamId, status }) => streamId === id && status !== "cancelled",
    );
    const completed = counted.filter(({ status }) => status === "completed").length;
    return {
      streamId: id,
      totalTasks: counted.length,
      completedTasks: completed,
      progressPercentage: counted.length === 0 ? 0 : Math.floor((completed * 10_000) / counted.length) / 100,
      blockedTasks: counted.filter(({ status }) => status === "blocked").map((task) => task.id),
    };
  }
}

/**
 * What is wrong with a history of tasks and streams, if anything is: each change has to be followed at once by what
 * there is to tell about it, once, with counts that are those of the tasks told of so far.
 */
export function faultsOfHistory(events: readonly LoggedEnvelope[]): string[] {
  const told = new Told();
  const faults: string[] = [];
  let due: Expected[] = [];
  for (const event of events) {
    const at = `${event.position.offset} ${event.type} ${event.room}`;
    const [expected, ...rest] = due;
    due = rest;
    if (expected) {
      const [type, data] = expected;
      if (event.type !== type) faults.push(`${at}, where ${type} ${JSON.stringify(data)} is due`);
      else if (!isDeepStrictEqual(withoutTime(event.data), data)) {
        faults.push(`${at} says ${JSON.stringify(event.data)}, and should ${JSON.stringify(data)}`);
      }
      faults.push(...faultsOfTime(told, event, at));
      continue;
    }
    if (isA(event, EventType.StreamProgress) && !told.streams.has(event.data.streamId)) {
      told.streams.set(event.data.streamId, event.data);
      if (event.data.totalTasks !== 0) faults.push(`${at}: a new stream with tasks`);
    } else if (isA(event, EventType.TaskCreated)) {
      if (told.tasks.has(event.data.id)) faults.push(`${at}: there is one`);
      due = dueAfter(told, undefined, event.data);
    } else if (isA(event, EventType.TaskUpdated)) {
      const { changes: _, ...task } = event.data;
      const before = told.tasks.get(task.id);
      if (!before || isDeepStrictEqual(before, task)) faults.push(`${at}: nothing has changed`);
      due = dueAfter(told, before, task);
    } else if (!event.type.startsWith("checkpoint.")) faults.push(`${at}, for no reason`);
  }
  if (due.length > 0) faults.push(`${due[0]?.[0]} is missing at the end`);
  return faults;
}

/** The progress of a stream as it was told last. */
export function lastProgress(events: readonly LoggedEnvelope[], id: string): StreamProgress | undefined {
  return events.filter((event) => isA(event, EventType.StreamProgress)).findLast(({ data }) => data.streamId === id)
    ?.data;
}

/** Narrows an event to its type. */
export function isA<Type extends EventType>(event: LoggedEnvelope, type: Type): event is LoggedEnvelope<Type> {
  return event.type === type;
}

function dueAfter(told: Told, before: Task | undefined, task: Task): Expected[] {
  const { id: taskId, streamId, status: newStatus, blockedReason } = task;
  const due: Expected[] = [];
  if (before && before.status !== newStatus) {
    const reason = blockedReason === undefined ? {} : { blockedReason };
    const within = streamId === undefined ? {} : { streamId };
    due.push([EventType.TaskStatusChanged, { taskId, ...within, oldStatus: before.status, newStatus, ...reason }]);
  }
  if (before?.status !== newStatus && newStatus === "blocked") due.push([EventType.TaskBlocked, task]);
  if (before?.status !== newStatus && newStatus === "completed") due.push([EventType.TaskCompleted, task]);

  const streams = [...new Set([before?.streamId, streamId])].filter((id) => id !== undefined);
  const earlier = streams.map((id) => told.recount(id));
  told.tasks.set(taskId, task);
  for (const [index, id] of streams.entries()) {
    const { blockedTasks: wereBlocked, ...was } = earlier[index] ?? told.recount(id);
    const { blockedTasks, ...is } = told.recount(id);
    const progress = { ...is, streamName: told.streams.get(id)?.streamName };
    const isAll = ({ totalTasks, completedTasks }: typeof is) => totalTasks > 0 && completedTasks === totalTasks;
    if (was.totalTasks !== is.totalTasks || was.completedTasks !== is.completedTasks)
      due.push([EventType.StreamProgress, progress]);
    if (isAll(is) && !isAll(was)) due.push([EventType.StreamCompleted, progress]);
    if (wereBlocked.length === 0 && blockedTasks.length > 0)
      due.push([EventType.StreamBlocked, { ...progress, blockedTasks }]);
  }
  return due;
}

/** Times are not to be foreseen, and may only go on. */
function withoutTime(data: object): object {
  return Object.fromEntries(Object.entries(data).filter(([name]) => name !== "lastUpdated"));
}

function faultsOfTime(told: Told, event: LoggedEnvelope, at: string): string[] {
  if (!isA(event, EventType.StreamProgress)) return [];
  const before = told.streams.get(event.data.streamId);
  told.streams.set(event.data.streamId, event.data);
  if (!before) return [`${at}: of a stream that was not told of`];
  return before.lastUpdated > event.data.lastUpdated ? [`${at}: lastUpdated went back`] : [];
}
