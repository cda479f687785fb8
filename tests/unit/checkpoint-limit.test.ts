import { describe, expect, it } from "@jest/globals";
import { createCheckpoint } from "../../server/tasks/change-checkpoint.ts";
import { fingerprintOf } from "../../server/tasks/request-fingerprint.ts";
import type { Snapshot, TaskRecord } from "../../server/tasks/task-records.ts";
import type { CheckpointId, TaskId, UserId } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";

const taskId = "t1" as TaskId;
const created = fingerprintOf({}, { userId: "backend" as UserId, name: null, agentId: null }, 0);

function create(checkpoints: number) {
  const kept: TaskRecord = { task: { id: taskId, title: "Write it", status: "pending" }, created, checkpoints };
  const tables: { [kind: string]: unknown } = { task: kept };
  const view = { get: (kind: string) => tables[kind] } as Snapshot;
  const checkpoint = { checkpointId: "c1" as CheckpointId, taskId, createdAt: new Date(0).toISOString() };
  return createCheckpoint(view, checkpoint, created);
}

describe("checkpoints", () => {
  it("CHECKPOINT-4 the number of checkpoints per task is limited", () => {
    const last = create(limits.checkpointsPerTask - 1);

    expect(last.documents).toContainEqual(
      expect.objectContaining({
        kind: "task",
        value: expect.objectContaining({ checkpoints: limits.checkpointsPerTask }),
      }),
    );
    expect(() => create(limits.checkpointsPerTask)).toThrow(
      expect.objectContaining({ error: expect.objectContaining({ code: "limit_exceeded" }) }),
    );
  });
});
