import type { TaskStream } from "../../shared/entities/task-stream.ts";
import { streamProgress } from "../../shared/events/task-events.ts";
import type { StreamWithProgress } from "../../shared/http/streams.ts";
import { streamRoom } from "../../shared/room.ts";
import { timestampAt } from "../runtime/clock.ts";
import { isRepeated, type RequestFingerprint } from "./request-fingerprint.ts";
import { noTasks, progressOf } from "./stream-counters.ts";
import { type Decision, newEvent, type Snapshot, type StreamRecord } from "./task-records.ts";

/** Creates a stream, and publishes its progress without tasks. Throws `conflict` if the id is taken. */
export function createStream(
  view: Snapshot,
  stream: TaskStream,
  created: RequestFingerprint,
): Decision<StreamWithProgress> {
  const before = view.get("stream", stream.id);
  const record: StreamRecord = { stream, created, counters: noTasks, lastUpdated: timestampAt(created.at) };
  if (before && isRepeated(before.created, created, `a stream ${stream.id}`)) {
    // The same reply as to the first request, whatever its progress is now.
    const first = { ...record, lastUpdated: timestampAt(before.created.at) };
    return { answer: withProgress(first), documents: [], events: [] };
  }
  return {
    answer: withProgress(record),
    documents: [{ kind: "stream", id: stream.id, value: record }],
    events: [newEvent(streamProgress, streamRoom(stream.id), progressOf(record))],
  };
}

export function withProgress(record: StreamRecord): StreamWithProgress {
  return { ...record.stream, progress: progressOf(record) };
}
