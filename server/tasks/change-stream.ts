import type { TaskStream } from "../../shared/entities/task-stream.ts";
import { streamProgress } from "../../shared/events/task-events.ts";
import type { StreamWithProgress } from "../../shared/http/streams.ts";
import { streamRoom } from "../../shared/room.ts";
import { type Creation, isRepeated } from "./request-fingerprint.ts";
import { emptyTally, progressOf } from "./stream-counters.ts";
import { type KeptStream, type Outcome, tell, type View } from "./task-records.ts";

/** Told as the progress of a stream without tasks. Rejects an id that is taken with `conflict`. */
export function createStream(view: View, stream: TaskStream, created: Creation): Outcome<StreamWithProgress> {
  const before = view.get("stream", stream.id);
  const kept: KeptStream = { stream, created, tally: emptyTally, lastUpdated: new Date(created.at).toISOString() };
  if (before && isRepeated(before.created, created, `a stream ${stream.id}`)) {
    // As the first was answered, whatever its tasks have come to meanwhile.
    const first = { ...kept, lastUpdated: new Date(before.created.at).toISOString() };
    return { answer: withProgress(first), documents: [], told: [] };
  }
  return {
    answer: withProgress(kept),
    documents: [{ kind: "stream", id: stream.id, value: kept }],
    told: [tell(streamProgress, streamRoom(stream.id), progressOf(kept))],
  };
}

export function withProgress(kept: KeptStream): StreamWithProgress {
  return { ...kept.stream, progress: progressOf(kept) };
}
