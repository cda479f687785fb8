import { ulid } from "ulid";
import type { Task } from "../../shared/entities/task.ts";
import type { CreateTaskBody, UpdateTaskBody } from "../../shared/http/tasks.ts";
import type { StreamId, TaskId } from "../../shared/ids.ts";
import type { Sender } from "../../shared/sender.ts";
import type { DocumentPage } from "../store/documents/documents.ts";
import { createTask, followTask, noSuchStream, noSuchTask, type TaskProgress, updateTask } from "./change-task.ts";
import { fingerprintOf } from "./request-fingerprint.ts";
import { allIndex, type StreamRecord, streamIndex, type TaskRecord } from "./task-records.ts";
import type { TransactionBatcher, TransactionBatcherDeps } from "./transaction-batcher.ts";

export interface TasksDeps extends Pick<TransactionBatcherDeps, "documents" | "clock"> {
  batcher: TransactionBatcher;
}

/** A page of a list. */
export interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}

/** Tasks. Each change, its events and the progress of its stream are one transaction. */
export class Tasks {
  readonly #deps: TasksDeps;

  constructor(deps: TasksDeps) {
    this.#deps = deps;
  }

  /** Rejects with `conflict` if another request has used the id, and with `not_found` if the stream does not exist. */
  create({ id, ...fields }: CreateTaskBody, sender: Sender): Promise<Task> {
    const { batcher, clock } = this.#deps;
    const task: Task = { id: id ?? (ulid(clock.now()) as TaskId), ...fields };
    const { streamId } = task;
    return batcher.change({
      sender,
      tasks: [task.id],
      streams: streamId === undefined ? [] : [streamId],
      decide: (view, now) => createTask(view, task, fingerprintOf(task, sender, now)),
    });
  }

  /** Rejects with `not_found` for the task or its new stream, or with `conflict` if its status does not allow the change. */
  update(id: TaskId, changes: UpdateTaskBody, sender: Sender): Promise<Task> {
    return this.#deps.batcher.change({
      sender,
      tasks: [id],
      streams: changes.streamId ? [changes.streamId] : [],
      decide: (view, now) => updateTask(view, id, changes, now),
    });
  }

  /**
   * Sets the task to the state of its dispatch. Idempotent. A task that does not exist, or is completed or cancelled,
   * stays unchanged. Resolves with the task afterwards.
   */
  follow(id: TaskId, progress: TaskProgress, sender: Sender | null = null): Promise<Task | undefined> {
    return this.#deps.batcher.change({
      sender,
      tasks: [id],
      decide: (view, now) => followTask(view, id, progress, now),
    });
  }

  /** Rejects with `not_found`. */
  async get(id: TaskId): Promise<Task> {
    const found = await this.#deps.documents.get<TaskRecord>("task", id);
    if (!found) throw noSuchTask(id);
    return found.value.task;
  }

  /** All tasks or those of a stream, latest activity first. Rejects with `not_found` if the stream does not exist. */
  async list(streamId: StreamId | undefined, limit: number, cursor: string | undefined): Promise<Page<Task>> {
    const { documents } = this.#deps;
    const index = streamId === undefined ? allIndex : streamIndex(streamId);
    if (streamId !== undefined && !(await documents.get<StreamRecord>("stream", streamId)))
      throw noSuchStream(streamId);
    return pageOf(await documents.list<TaskRecord>("task", index, limit, cursor), ({ task }) => task);
  }
}

export function pageOf<Record, Item>(
  { items, nextCursor }: DocumentPage<Record>,
  itemOf: (record: Record) => Item,
): Page<Item> {
  return { items: items.map(({ value }) => itemOf(value)), nextCursor };
}
