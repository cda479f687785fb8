import { describe, expect, it } from "@jest/globals";
import type { LoggedEnvelope } from "../../shared/envelope.ts";
import { EventType } from "../../shared/event-type.ts";
import { monitoringLog } from "../../shared/room.ts";
import { openStore } from "../support/stores.ts";
import { backend, openTasks, taskId } from "../support/task-domain.ts";
import { faultsOfHistory, isA } from "../support/task-history.ts";

/** Two tasks of a stream, one blocked and then completed, the other completed. */
async function history(): Promise<LoggedEnvelope[]> {
  const store = await openStore("memory");
  const { createStream, create, tasks } = openTasks(store);
  await createStream("s");
  for (const id of ["t1", "t2"]) await create(id, "s");
  await tasks.update(taskId("t1"), { status: "blocked" }, backend);
  for (const id of ["t1", "t2"]) await tasks.update(taskId(id), { status: "completed" }, backend);
  return (await store.log.read(monitoringLog, 0, 100)).events;
}

describe("the checker of task histories", () => {
  it("PROGRESS-6 it accepts a correct history", async () => {
    expect(faultsOfHistory(await history())).toEqual([]);
  });

  it("PROGRESS-6 it finds every event that is missing, duplicated or late", async () => {
    const events = await history();
    const indexes = [...events.keys()];

    const missing = indexes.filter((index) => faultsOfHistory(events.toSpliced(index, 1)).length > 0);
    const twice = indexes.filter(
      (index) => faultsOfHistory(events.flatMap((it, i) => (i === index ? [it, it] : it))).length > 0,
    );
    const late = indexes.slice(0, -1).filter((index) => {
      const moved = events.toSpliced(index, 1);
      return faultsOfHistory(moved.toSpliced(index + 1, 0, ...events.slice(index, index + 1))).length > 0;
    });

    expect(missing).toEqual(indexes);
    expect(twice).toEqual(indexes);
    expect(late).toEqual(indexes.slice(0, -1));
  });

  it("PROGRESS-6 it finds a wrong count and a wrong time", async () => {
    const events = await history();
    const last = events.findLastIndex((event) => isA(event, EventType.StreamProgress));
    const faultsWith = (more: object) =>
      faultsOfHistory(
        events.map((event, i) =>
          i === last ? { ...event, data: { ...event.data, ...more } } : event,
        ) as LoggedEnvelope[],
      );

    expect(faultsWith({ completedTasks: 1 })).toHaveLength(1);
    expect(faultsWith({ progressPercentage: 99.99 })).toHaveLength(1);
    expect(faultsWith({ lastUpdated: "2000-01-01T00:00:00.000Z" })).toHaveLength(1);
  });
});
