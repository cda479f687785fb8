import type { z } from "zod";
import type { Checkpoint } from "../../shared/entities/checkpoint.ts";
import type { Task } from "../../shared/entities/task.ts";
import type { TaskStream } from "../../shared/entities/task-stream.ts";
import type { EventType } from "../../shared/event-type.ts";
import type { AnyEvent, EventDefinition } from "../../shared/events/define-event.ts";
import type { CheckpointId, StreamId, TaskId } from "../../shared/ids.ts";
import type { RoomName } from "../../shared/room.ts";
import type { RequestFingerprint } from "./request-fingerprint.ts";
import type { StreamCounters } from "./stream-counters.ts";

/** A task as the store has it. */
export interface TaskRecord {
  task: Task;
  created: RequestFingerprint;
  /** The number of its checkpoints. */
  checkpoints: number;
}

/** A stream as the store has it: with counters, so that no change has to read all of its tasks. */
export interface StreamRecord {
  stream: TaskStream;
  created: RequestFingerprint;
  counters: StreamCounters;
  /** When its progress was last published. Never decreases, even if the clock of the store does. */
  lastUpdated: string;
}

/** A checkpoint as the store has it. It never changes. */
export interface CheckpointRecord {
  checkpoint: Checkpoint;
  created: RequestFingerprint;
}

export interface RecordByKind {
  task: TaskRecord;
  stream: StreamRecord;
  checkpoint: CheckpointRecord;
}

export type RecordKind = keyof RecordByKind;

/** Documents by their ids, as they were when the decision was made. */
export interface Snapshot {
  get<Kind extends RecordKind>(kind: Kind, id: string): RecordByKind[Kind] | undefined;
}

/** A document that is to be written. */
export type WrittenRecord<Kinds extends RecordKind = RecordKind> = {
  [Kind in Kinds]: { kind: Kind; id: string; value: RecordByKind[Kind] };
}[Kinds];

/** An event that is published in the same transaction. */
export interface NewEvent {
  definition: AnyEvent;
  room: RoomName;
  data: unknown;
}

/** The result of a change: all of it happens, or none. */
export interface Decision<Answer> {
  answer: Answer;
  documents: readonly WrittenRecord[];
  events: readonly NewEvent[];
}

/** The documents that a decision reads or writes. The streams that the tasks are in are read along with them. */
export interface ReadSet {
  tasks?: readonly TaskId[];
  streams?: readonly StreamId[];
  /** Ids of documents: see {@link checkpointKey}. */
  checkpoints?: readonly string[];
}

/** Ids of checkpoints are unique within their task. */
export function checkpointKey(taskId: TaskId, checkpointId: CheckpointId): string {
  return `${taskId}/${checkpointId}`;
}

/** An event whose data fits its definition. */
export function newEvent<Data extends z.ZodType>(
  definition: EventDefinition<EventType, Data, true>,
  room: RoomName,
  data: z.input<Data>,
): NewEvent {
  return { definition, room, data };
}

/** The names under which documents are listed. */
export const indexesOf: { [Kind in RecordKind]: (value: RecordByKind[Kind]) => string[] } = {
  task: ({ task: { streamId } }) => ["all", ...(streamId === undefined ? [] : [streamIndex(streamId)])],
  stream: () => ["all"],
  checkpoint: ({ checkpoint: { taskId } }) => [taskIndex(taskId)],
};

export const allIndex = "all";

export function streamIndex(id: StreamId): string {
  return `stream:${id}`;
}

export function taskIndex(id: TaskId): string {
  return `task:${id}`;
}
