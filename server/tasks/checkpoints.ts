import { ulid } from "ulid";
import type { Checkpoint } from "../../shared/entities/checkpoint.ts";
import type { CreateCheckpointBody } from "../../shared/http/checkpoints.ts";
import type { CheckpointId, TaskId } from "../../shared/ids.ts";
import type { Sender } from "../../shared/sender.ts";
import { timestampAt } from "../runtime/clock.ts";
import { createCheckpoint, resumeCheckpoint } from "./change-checkpoint.ts";
import { noSuchTask } from "./change-task.ts";
import { fingerprintOf } from "./request-fingerprint.ts";
import { type CheckpointRecord, checkpointKey, type TaskRecord, taskIndex } from "./task-records.ts";
import { type Page, pageOf, type TasksDeps } from "./tasks.ts";

/** Checkpoints, from which tasks can be resumed. */
export class Checkpoints {
  readonly #deps: TasksDeps;

  constructor(deps: TasksDeps) {
    this.#deps = deps;
  }

  /** Rejects with `not_found`, or with `conflict` if the task is finished or another request has used the id. */
  create(taskId: TaskId, { checkpointId, ...fields }: CreateCheckpointBody, sender: Sender): Promise<Checkpoint> {
    const { batcher, clock } = this.#deps;
    const asked = { checkpointId: checkpointId ?? (ulid(clock.now()) as CheckpointId), taskId, ...fields };
    return batcher.change({
      sender,
      tasks: [taskId],
      checkpoints: [checkpointKey(taskId, asked.checkpointId)],
      decide: (view, now) => {
        const checkpoint = { ...asked, createdAt: timestampAt(now) };
        return createCheckpoint(view, checkpoint, fingerprintOf(asked, sender, now));
      },
    });
  }

  /** Rejects with `not_found` for the task or the checkpoint, or with `conflict` if the task is finished. */
  resume(taskId: TaskId, checkpointId: CheckpointId, sender: Sender): Promise<Checkpoint> {
    return this.#deps.batcher.change({
      sender,
      tasks: [taskId],
      checkpoints: [checkpointKey(taskId, checkpointId)],
      decide: (view) => resumeCheckpoint(view, taskId, checkpointId),
    });
  }

  /** Newest first. Rejects with `not_found`. */
  async list(taskId: TaskId, limit: number, cursor: string | undefined): Promise<Page<Checkpoint>> {
    const { documents } = this.#deps;
    if (!(await documents.get<TaskRecord>("task", taskId))) throw noSuchTask(taskId);
    const page = await documents.list<CheckpointRecord>("checkpoint", taskIndex(taskId), limit, cursor);
    return pageOf(page, ({ checkpoint }) => checkpoint);
  }
}
