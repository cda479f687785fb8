import { isDeepStrictEqual } from "node:util";
import type { LoggedEnvelope } from "../../shared/envelope.ts";
import { EventType } from "../../shared/event-type.ts";
import { faultsOfHistory, isA, lastProgress } from "../support/task-history.ts";
import type { Findings } from "./checker.ts";
import { request, type TaskTrack, taskStreams } from "./task-writer.ts";

/**
 * Everything that was accepted of tasks is in the log once, in its order; the progress of the streams is at every moment
 * what their tasks add up to; and what the instances answer in the end is what the log has said last.
 */
export async function checkTasks(
  events: readonly LoggedEnvelope[],
  tracks: readonly TaskTrack[],
  port: number,
  found: Findings,
): Promise<void> {
  found.tasks.push(...faultsOfHistory(events));
  const statuses = new Map<string, string[]>();
  for (const event of events) {
    if (isA(event, EventType.TaskCreated)) {
      if (statuses.has(event.data.id)) found.doubled.push(`task ${event.data.id} is created twice`);
      statuses.set(event.data.id, [event.data.status]);
    } else if (isA(event, EventType.TaskStatusChanged)) statuses.get(event.data.taskId)?.push(event.data.newStatus);
  }
  for (const { id, statuses: accepted } of tracks) {
    const logged = statuses.get(id) ?? [];
    if (isDeepStrictEqual(logged, accepted)) continue;
    const what = `task ${id} is told as ${logged.join(", ") || "nothing"}, and accepted as ${accepted.join(", ")}`;
    (logged.length < accepted.length ? found.lost : found.tasks).push(what);
  }
  if (statuses.size > tracks.length)
    found.tasks.push(`${statuses.size} tasks are told of, and there are ${tracks.length}`);

  for (const id of taskStreams) {
    const answer = await request(port, "GET", `/streams/${id}`);
    if (isDeepStrictEqual(answer?.body.progress, lastProgress(events, id))) continue;
    found.tasks.push(
      `stream ${id} is ${JSON.stringify(answer?.body)}, and told as ${JSON.stringify(lastProgress(events, id))}`,
    );
  }
  for (const track of tracks) {
    const answer = await request(port, "GET", `/tasks/${track.id}`);
    const { streamId = null, status } = answer?.body ?? {};
    if (status === track.statuses.at(-1) && streamId === track.streamId) continue;
    found.tasks.push(
      `task ${track.id} is ${status} in ${streamId}, and should be ${track.statuses.at(-1)} in ${track.streamId}`,
    );
  }
}
