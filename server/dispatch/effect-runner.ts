import type { MessageId, TaskId } from "../../shared/ids.ts";
import { Rejection } from "../../shared/rejection.ts";
import type { DispatchResponses } from "../conversations/dispatch-responses.ts";
import type { Failed } from "../runtime/failed.ts";
import { KeyedQueue } from "../runtime/keyed-queue.ts";
import type { Leases } from "../store/leases.ts";
import {
  type DispatchRecord,
  hasEnded,
  type PendingResponse,
  type PendingTask,
  responseOf,
} from "./dispatch-record.ts";
import type { DispatchStore } from "./dispatch-store.ts";

/** Updates the tasks of dispatches. */
export interface TaskFollower {
  /** Rejects with `not_found`. */
  assertExists(taskId: TaskId): Promise<void>;
  /** Sets the state of the task. Idempotent. */
  follow(taskId: TaskId, task: PendingTask): Promise<void>;
}

interface EffectRunnerDeps {
  dispatchStore: DispatchStore;
  leases: Leases;
  responses: Pick<DispatchResponses, "end">;
  tasks: TaskFollower;
  failed: Failed;
}

/**
 * Carries out the effects of a dispatch on its task and its conversation. Until they are done they are pending in its
 * record, and its lease stays in the queue. So if this instance dies, another one carries them out.
 */
export class EffectRunner {
  readonly #deps: EffectRunnerDeps;
  readonly #queue = new KeyedQueue<string>();

  constructor(deps: EffectRunnerDeps) {
    this.#deps = deps;
  }

  /** Carries out pending effects. Rejects if that fails; it is tried again when the lease is due. */
  async flush({ work: { messageId } }: DispatchRecord): Promise<void> {
    await this.#queue.run(messageId, async () => {
      const found = await this.#deps.dispatchStore.get(messageId);
      if (!found) return;
      const { pending, work } = found.value;
      if (pending.task && work.taskId) {
        const { taskId } = work;
        const { task } = pending;
        await this.#unlessRefused("update the task of a dispatch", messageId, () =>
          this.#deps.tasks.follow(taskId, task),
        );
      }
      if (pending.response) await this.#endResponse(found.value, pending.response);
      if (Object.keys(pending).length > 0 && !(await this.#deps.dispatchStore.clearPending(found.value))) return;
      if (hasEnded(found.value)) await this.#deps.leases.clear("dispatches", messageId);
    });
  }

  async #endResponse(record: DispatchRecord, { status, sender }: PendingResponse): Promise<void> {
    const response = responseOf(record);
    const { state } = record;
    if (!response || !("outcome" in state)) return;
    await this.#unlessRefused("end the response of a dispatch", response.messageId, () =>
      this.#deps.responses.end(response, sender, status, state.outcome),
    );
  }

  /** A final refusal, such as for a task that no longer exists, is reported and not retried. */
  async #unlessRefused(operation: string, messageId: MessageId, run: () => Promise<unknown>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof Rejection) || error.error.retryable) throw error;
      this.#deps.failed(operation, error, { willRetry: false, messageId });
    }
  }
}
