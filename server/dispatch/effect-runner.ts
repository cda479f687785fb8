import type { MessageId, TaskId } from "../../shared/ids.ts";
import { Rejection } from "../../shared/rejection.ts";
import type { DispatchResponses } from "../conversations/dispatch-responses.ts";
import type { Failed } from "../runtime/failed.ts";
import { KeyedQueue } from "../runtime/keyed-queue.ts";
import type { Leases } from "../store/leases.ts";
import { type DispatchRecord, hasEnded, type PendingAnswer, type PendingTask, responseOf } from "./dispatch-record.ts";
import type { DispatchStore } from "./dispatch-store.ts";

/** The tasks that follow dispatches. */
export interface TaskFollower {
  /** Rejects with `not_found`. */
  assertExists(taskId: TaskId): Promise<void>;
  /** Makes the task so; one that is so already stays as it is. */
  follow(taskId: TaskId, task: PendingTask): Promise<void>;
}

export interface EffectRunnerDeps {
  dispatches: DispatchStore;
  leases: Leases;
  responses: Pick<DispatchResponses, "end">;
  tasks: TaskFollower;
  failed: Failed;
}

/**
 * Brings what has become of a dispatch to where people see it. What is owed stands in the dispatch until it is told,
 * and a lease reminds of it: an instance that dies in between leaves it to the others.
 */
export class EffectRunner {
  readonly #deps: EffectRunnerDeps;
  readonly #queue = new KeyedQueue<string>();

  constructor(deps: EffectRunnerDeps) {
    this.#deps = deps;
  }

  /** Tells what is owed. What cannot be told now will be tried again. */
  async flush({ work: { messageId } }: DispatchRecord): Promise<void> {
    await this.#queue.run(messageId, async () => {
      const found = await this.#deps.dispatches.get(messageId);
      if (!found) return;
      const { pending: owed, work } = found.value;
      if (owed.task && work.taskId) {
        const { taskId } = work;
        const { task } = owed;
        await this.#unlessRefused("update the task of a dispatch", messageId, () =>
          this.#deps.tasks.follow(taskId, task),
        );
      }
      if (owed.answer) await this.#endResponse(found.value, owed.answer);
      if (Object.keys(owed).length > 0 && !(await this.#deps.dispatches.clearPending(found.value))) return;
      if (hasEnded(found.value)) await this.#deps.leases.clear("dispatches", messageId);
    });
  }

  async #endResponse(record: DispatchRecord, { status, sender }: PendingAnswer): Promise<void> {
    const response = responseOf(record);
    const { state } = record;
    if (!response || !("outcome" in state)) return;
    await this.#unlessRefused("end the response of a dispatch", response.messageId, () =>
      this.#deps.responses.end(response, sender, status, state.outcome),
    );
  }

  /** A task that is gone cannot follow, however often it is tried. */
  async #unlessRefused(operation: string, messageId: MessageId, run: () => Promise<unknown>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof Rejection) || error.error.retryable) throw error;
      this.#deps.failed(operation, error, { willRetry: false, messageId });
    }
  }
}
