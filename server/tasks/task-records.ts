import type { z } from "zod";
import type { Checkpoint } from "../../shared/entities/checkpoint.ts";
import type { Task } from "../../shared/entities/task.ts";
import type { TaskStream } from "../../shared/entities/task-stream.ts";
import type { EventType } from "../../shared/event-type.ts";
import type { AnyEvent, EventDefinition } from "../../shared/events/define-event.ts";
import type { CheckpointId, StreamId, TaskId } from "../../shared/ids.ts";
import type { RoomName } from "../../shared/room.ts";
import type { Creation } from "./request-fingerprint.ts";
import type { Tally } from "./stream-counters.ts";

/** What the store has of a task. */
export interface KeptTask {
  task: Task;
  created: Creation;
  /** How many checkpoints it has. */
  checkpoints: number;
}

/** What the store has of a stream: with its counts, so that no change has to read all of its tasks. */
export interface KeptStream {
  stream: TaskStream;
  created: Creation;
  tally: Tally;
  /** When its progress was last told of. Never goes back, whatever the clocks of the instances say. */
  lastUpdated: string;
}

/** What the store has of a checkpoint. It never changes. */
export interface KeptCheckpoint {
  checkpoint: Checkpoint;
  created: Creation;
}

export interface KeptByKind {
  task: KeptTask;
  stream: KeptStream;
  checkpoint: KeptCheckpoint;
}

export type KeptKind = keyof KeptByKind;

/** Documents by their ids, as they are at the moment of a decision. */
export interface View {
  get<Kind extends KeptKind>(kind: Kind, id: string): KeptByKind[Kind] | undefined;
}

/** A document as it is to be. */
export type Written<Kinds extends KeptKind = KeptKind> = {
  [Kind in Kinds]: { kind: Kind; id: string; value: KeptByKind[Kind] };
}[Kinds];

/** An event that is to be told with it. */
export interface Told {
  definition: AnyEvent;
  room: RoomName;
  data: unknown;
}

/** What a change comes to: all of it happens, or none. */
export interface Outcome<Answer> {
  answer: Answer;
  documents: readonly Written[];
  told: readonly Told[];
}

/** Which documents a decision is about. The streams that the tasks are in are read along with them. */
export interface Reads {
  tasks?: readonly TaskId[];
  streams?: readonly StreamId[];
  /** Ids of documents: see {@link checkpointKey}. */
  checkpoints?: readonly string[];
}

/** Ids of checkpoints are their task's own. */
export function checkpointKey(taskId: TaskId, checkpointId: CheckpointId): string {
  return `${taskId}/${checkpointId}`;
}

/** An event whose data fits its definition. */
export function tell<Data extends z.ZodType>(
  definition: EventDefinition<EventType, Data, true>,
  room: RoomName,
  data: z.input<Data>,
): Told {
  return { definition, room, data };
}

/** The names under which documents are listed. */
export const indexesOf: { [Kind in KeptKind]: (value: KeptByKind[Kind]) => string[] } = {
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
