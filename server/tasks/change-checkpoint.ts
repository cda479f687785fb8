import type { Checkpoint } from "../../shared/entities/checkpoint.ts";
import { checkpointCreated, checkpointResumed } from "../../shared/events/checkpoint-events.ts";
import type { CheckpointId, TaskId } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";
import { Rejection } from "../../shared/rejection.ts";
import { checkpointRoom } from "../../shared/room.ts";
import { keptTask } from "./change-task.ts";
import { type Creation, isRepeated } from "./request-fingerprint.ts";
import { checkpointKey, type KeptTask, type Outcome, tell, type View } from "./task-records.ts";
import { isFinished } from "./task-status.ts";

/** Rejects with `not_found`, with `conflict` for a task that is finished or an id that is taken, with `limit_exceeded`. */
export function createCheckpoint(view: View, checkpoint: Checkpoint, created: Creation): Outcome<Checkpoint> {
  const { taskId, checkpointId } = checkpoint;
  const kept = keptTask(view, taskId);
  const id = checkpointKey(taskId, checkpointId);
  const before = view.get("checkpoint", id);
  if (before && isRepeated(before.created, created, `a checkpoint ${checkpointId} of task ${taskId}`)) {
    return { answer: before.checkpoint, documents: [], told: [] };
  }
  assertUnfinished(kept);
  if (kept.checkpoints >= limits.checkpointsPerTask) {
    throw new Rejection("limit_exceeded", `A task may have ${limits.checkpointsPerTask} checkpoints.`);
  }
  return {
    answer: checkpoint,
    documents: [
      { kind: "checkpoint", id, value: { checkpoint, created } },
      { kind: "task", id: taskId, value: { ...kept, checkpoints: kept.checkpoints + 1 } },
    ],
    told: [tell(checkpointCreated, checkpointRoom(taskId), dataOf(checkpoint))],
  };
}

/** Tells that the task goes on from there, each time anew. Rejects with `not_found`, and `conflict` for a finished task. */
export function resumeCheckpoint(view: View, taskId: TaskId, checkpointId: CheckpointId): Outcome<Checkpoint> {
  const kept = keptTask(view, taskId);
  const found = view.get("checkpoint", checkpointKey(taskId, checkpointId));
  if (!found) throw new Rejection("not_found", `Task ${taskId} has no checkpoint ${checkpointId}.`);
  assertUnfinished(kept);
  return {
    answer: found.checkpoint,
    // As it is: nobody may finish it meanwhile.
    documents: [{ kind: "task", id: taskId, value: kept }],
    told: [tell(checkpointResumed, checkpointRoom(taskId), dataOf(found.checkpoint))],
  };
}

function assertUnfinished({ task }: KeptTask): void {
  if (isFinished(task.status))
    throw new Rejection("conflict", `Task ${task.id} is ${task.status}: nothing is to be resumed.`);
}

const dataOf = ({ createdAt: _, ...data }: Checkpoint) => data;
