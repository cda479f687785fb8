import { isDeepStrictEqual } from "node:util";
import type { Task, TaskStatus } from "../../shared/entities/task.ts";
import {
  taskBlocked,
  taskCompleted,
  taskCreated,
  taskStatusChanged,
  taskUpdated,
} from "../../shared/events/task-events.ts";
import type { UpdateTaskBody } from "../../shared/http/tasks.ts";
import type { StreamId, TaskId } from "../../shared/ids.ts";
import { Rejection } from "../../shared/rejection.ts";
import { taskRoom } from "../../shared/room.ts";
import { isRepeated, type RequestFingerprint } from "./request-fingerprint.ts";
import { changedStream } from "./stream-counters.ts";
import {
  type Decision,
  type NewEvent,
  newEvent,
  type Snapshot,
  type TaskRecord,
  type WrittenRecord,
} from "./task-records.ts";
import { isFinished, mayBecome } from "./task-status.ts";

/** Throws `conflict` if the id is taken, and `not_found` if the stream does not exist. */
export function createTask(view: Snapshot, task: Task, created: RequestFingerprint): Decision<Task> {
  const before = view.get("task", task.id);
  if (isRepeated(before?.created, created, `a task ${task.id}`)) return unchanged(task);
  return written(view, undefined, { task, created, checkpoints: 0 }, [], created.at);
}

/** Throws `not_found`, or `conflict` if the task's status does not allow the change. */
export function updateTask(view: Snapshot, id: TaskId, changes: UpdateTaskBody, now: number): Decision<Task> {
  const before = taskRecordOf(view, id);
  const task = changedTask(before.task, changes);
  const fields = changeable.filter((field) => !isDeepStrictEqual(before.task[field], task[field]));
  return fields.length === 0 ? unchanged(task) : written(view, before.task, { ...before, task }, fields, now);
}

/** The state of the work on a task, as reported by the agent that does it. */
export interface TaskProgress {
  status: Extract<TaskStatus, "in_progress" | "blocked" | "completed">;
  blockedReason?: string | undefined;
}

/** Sets the status that the agent reports. Changes nothing if the task does not exist or is finished. */
export function followTask(view: Snapshot, id: TaskId, { status, blockedReason }: TaskProgress, now: number) {
  const before = view.get("task", id)?.task;
  if (!before || isFinished(before.status)) return unchanged(before);
  return updateTask(
    view,
    id,
    status === "blocked" ? { status, blockedReason: blockedReason ?? null } : { status },
    now,
  );
}

/** Throws `not_found`. */
export function taskRecordOf(view: Snapshot, id: TaskId): TaskRecord {
  const record = view.get("task", id);
  if (!record) throw noSuchTask(id);
  return record;
}

export function noSuchTask(id: TaskId): Rejection {
  return new Rejection("not_found", `There is no task ${id}.`);
}

export function noSuchStream(id: StreamId): Rejection {
  return new Rejection("not_found", `There is no stream ${id}.`);
}

const changeable = ["title", "streamId", "status", "blockedReason", "metadata"] as const;
type Changeable = (typeof changeable)[number];

const unchanged = <Answer>(answer: Answer): Decision<Answer> => ({ answer, documents: [], events: [] });

function changedTask(before: Task, changes: UpdateTaskBody): Task {
  const status = changes.status ?? before.status;
  if (!mayBecome(before.status, status)) {
    throw new Rejection("conflict", `Task ${before.id} is ${before.status}, and cannot become ${status}.`);
  }
  if (changes.blockedReason && status !== "blocked") {
    throw new Rejection("conflict", `Task ${before.id} is ${status}: it has no reason for being blocked.`);
  }
  const streamId = after(before.streamId, changes.streamId);
  // A task that is no longer blocked has no reason.
  const blockedReason = status === "blocked" ? after(before.blockedReason, changes.blockedReason) : undefined;
  const metadata = after(before.metadata, changes.metadata);
  return {
    id: before.id,
    title: changes.title ?? before.title,
    ...(streamId === undefined ? {} : { streamId }),
    status,
    ...(blockedReason === undefined ? {} : { blockedReason }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

/** The value after a change: `null` removes it, `undefined` leaves it unchanged. */
function after<T>(before: T | undefined, change: T | null | undefined): T | undefined {
  return change === undefined ? before : (change ?? undefined);
}

/** The decision to write a task, with the streams that count it, and the events about both. */
function written(
  view: Snapshot,
  before: Task | undefined,
  record: TaskRecord,
  changes: readonly Changeable[],
  now: number,
): Decision<Task> {
  const { task } = record;
  const documents: WrittenRecord[] = [{ kind: "task", id: task.id, value: record }];
  const events = before ? eventsOfChange(before, task, changes) : eventsOfCreation(task);
  for (const id of streamsOf(before, task)) {
    const stream = view.get("stream", id);
    if (!stream) throw noSuchStream(id);
    const within = (one: Task | undefined) => (one?.streamId === id ? one : undefined);
    const changed = changedStream(stream, { before: within(before), after: within(task) }, now);
    if (!changed) continue;
    documents.push({ kind: "stream", id, value: changed.record });
    events.push(...changed.events);
  }
  return { answer: task, documents, events };
}

/** The streams whose counters the change affects, beginning with the one that the task leaves. */
function streamsOf(before: Task | undefined, task: Task): Set<StreamId> {
  return new Set([before?.streamId, task.streamId].filter((id) => id !== undefined));
}

function eventsOfCreation(task: Task): NewEvent[] {
  return [newEvent(taskCreated, taskRoom(task.id), task), ...eventsOfStatus(task)];
}

function eventsOfChange(before: Task, task: Task, changes: readonly Changeable[]): NewEvent[] {
  const { id: taskId, streamId, status: newStatus, blockedReason } = task;
  const room = taskRoom(taskId);
  const events = [newEvent(taskUpdated, room, { ...task, changes: [...changes] })];
  if (newStatus === before.status) return events;
  const changed = {
    taskId,
    ...(streamId === undefined ? {} : { streamId }),
    oldStatus: before.status,
    newStatus,
    ...(blockedReason === undefined ? {} : { blockedReason }),
  };
  return [...events, newEvent(taskStatusChanged, room, changed), ...eventsOfStatus(task)];
}

function eventsOfStatus(task: Task): NewEvent[] {
  if (task.status === "blocked") return [newEvent(taskBlocked, taskRoom(task.id), task)];
  return task.status === "completed" ? [newEvent(taskCompleted, taskRoom(task.id), task)] : [];
}
