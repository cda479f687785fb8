import type { Checkpoint } from "../../shared/entities/checkpoint.ts";
import { checkpointCreated, checkpointResumed } from "../../shared/events/checkpoint-events.ts";
import type { CheckpointId, TaskId } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";
import { Rejection } from "../../shared/rejection.ts";
import { checkpointRoom } from "../../shared/room.ts";
import { taskRecordOf } from "./change-task.ts";
import { isRepeated, type RequestFingerprint } from "./request-fingerprint.ts";
import { checkpointKey, type Decision, newEvent, type Snapshot, type TaskRecord } from "./task-records.ts";
import { isFinished } from "./task-status.ts";

/** Throws `not_found`, `conflict` if the task is finished or the id is taken, or `limit_exceeded`. */
export function createCheckpoint(
  view: Snapshot,
  checkpoint: Checkpoint,
  created: RequestFingerprint,
): Decision<Checkpoint> {
  const { taskId, checkpointId } = checkpoint;
  const record = taskRecordOf(view, taskId);
  const id = checkpointKey(taskId, checkpointId);
  const before = view.get("checkpoint", id);
  if (before && isRepeated(before.created, created, `a checkpoint ${checkpointId} of task ${taskId}`)) {
    return { answer: before.checkpoint, documents: [], events: [] };
  }
  assertUnfinished(record);
  if (record.checkpoints >= limits.checkpointsPerTask) {
    throw new Rejection("limit_exceeded", `A task may have ${limits.checkpointsPerTask} checkpoints.`);
  }
  return {
    answer: checkpoint,
    documents: [
      { kind: "checkpoint", id, value: { checkpoint, created } },
      { kind: "task", id: taskId, value: { ...record, checkpoints: record.checkpoints + 1 } },
    ],
    events: [newEvent(checkpointCreated, checkpointRoom(taskId), dataOf(checkpoint))],
  };
}

/** Publishes that the task is resumed from the checkpoint, each time. Throws `not_found`, or `conflict` for a finished task. */
export function resumeCheckpoint(view: Snapshot, taskId: TaskId, checkpointId: CheckpointId): Decision<Checkpoint> {
  const record = taskRecordOf(view, taskId);
  const found = view.get("checkpoint", checkpointKey(taskId, checkpointId));
  if (!found) throw new Rejection("not_found", `Task ${taskId} has no checkpoint ${checkpointId}.`);
  assertUnfinished(record);
  return {
    answer: found.checkpoint,
    // Written unchanged, so that its version is checked: another change may just have finished the task.
    documents: [{ kind: "task", id: taskId, value: record }],
    events: [newEvent(checkpointResumed, checkpointRoom(taskId), dataOf(found.checkpoint))],
  };
}

function assertUnfinished({ task }: TaskRecord): void {
  if (isFinished(task.status))
    throw new Rejection("conflict", `Task ${task.id} is ${task.status}: nothing is to be resumed.`);
}

const dataOf = ({ createdAt: _, ...data }: Checkpoint) => data;
