import { ulid } from "ulid";
import type { TaskStream } from "../../shared/entities/task-stream.ts";
import type { CreateStreamBody, StreamWithProgress } from "../../shared/http/streams.ts";
import type { StreamId } from "../../shared/ids.ts";
import type { Sender } from "../../shared/sender.ts";
import { createStream, withProgress } from "./change-stream.ts";
import { noSuchStream } from "./change-task.ts";
import { fingerprintOf } from "./request-fingerprint.ts";
import { allIndex, type StreamRecord } from "./task-records.ts";
import { type Page, pageOf, type TasksDeps } from "./tasks.ts";

/** Streams of tasks: groups with common counters. */
export class Streams {
  readonly #deps: TasksDeps;

  constructor(deps: TasksDeps) {
    this.#deps = deps;
  }

  /** Rejects with `conflict` if another request has used the id. */
  create({ id, name }: CreateStreamBody, sender: Sender): Promise<StreamWithProgress> {
    const { batcher, clock } = this.#deps;
    const stream: TaskStream = { id: id ?? (ulid(clock.now()) as StreamId), name };
    return batcher.change({
      sender,
      streams: [stream.id],
      decide: (view, now) => createStream(view, stream, fingerprintOf(stream, sender, now)),
    });
  }

  /** Rejects with `not_found`. */
  async get(id: StreamId): Promise<StreamWithProgress> {
    const found = await this.#deps.documents.get<StreamRecord>("stream", id);
    if (!found) throw noSuchStream(id);
    return withProgress(found.value);
  }

  /** A page of streams, latest activity first. */
  async list(limit: number, cursor: string | undefined): Promise<Page<StreamWithProgress>> {
    return pageOf(await this.#deps.documents.list<StreamRecord>("stream", allIndex, limit, cursor), withProgress);
  }
}
