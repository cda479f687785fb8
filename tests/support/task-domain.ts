import { systemClock } from "../../server/runtime/clock.ts";
import { Streams } from "../../server/tasks/streams.ts";
import { Tasks } from "../../server/tasks/tasks.ts";
import { TransactionBatcher, type TransactionBatcherDeps } from "../../server/tasks/transaction-batcher.ts";
import type { StreamId, TaskId, UserId } from "../../shared/ids.ts";
import type { Sender } from "../../shared/sender.ts";

export const backend: Sender = { userId: "backend" as UserId, name: null, agentId: null };

export const taskId = (id: string) => id as TaskId;
const streamId = (id: string) => id as StreamId;

/** The tasks of one instance, without a door. */
export function openTasks({
  documents,
  transactions,
  clock = systemClock,
}: Omit<TransactionBatcherDeps, "clock" | "time"> & Partial<TransactionBatcherDeps>) {
  const deps = { documents, clock, batcher: new TransactionBatcher({ documents, transactions, clock, time: clock }) };
  const [tasks, streams] = [new Tasks(deps), new Streams(deps)];
  return {
    tasks,
    streams,
    createStream: (id: string) => streams.create({ id: streamId(id), name: `Stream ${id}` }, backend),
    create: (id: string, stream?: string) => {
      const within = stream === undefined ? {} : { streamId: streamId(stream) };
      return tasks.create({ id: taskId(id), title: `Task ${id}`, status: "pending", ...within }, backend);
    },
  };
}
