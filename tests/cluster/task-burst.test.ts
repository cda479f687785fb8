import { describe, expect, it } from "@jest/globals";
import type { LoggedEnvelope } from "../../shared/envelope.ts";
import { EventType } from "../../shared/event-type.ts";
import { monitoringLog } from "../../shared/room.ts";
import { openStore, storeEnv, stores } from "../support/stores.ts";
import { backend, openTasks, taskId } from "../support/task-domain.ts";
import { faultsOfHistory } from "../support/task-history.ts";
import { eventually } from "../support/within.ts";

const count = 1_000;
const ids = Array.from({ length: count }, (_, i) => `t${i}`);

describe.each(stores)("a burst of changes (%s)", (name) => {
  it("PROGRESS-7 a thousand changes at once reach watchers at another instance, complete and in order", async () => {
    const env = await storeEnv(name);
    const store = await openStore(name, { env });
    const watching = name === "redis" ? await openStore(name, { env }) : store;
    const { createStream, create, tasks } = openTasks(store);
    const heard: LoggedEnvelope[] = [];
    const announced = (event: LoggedEnvelope) => void heard.push(event);
    const unfollow = await watching.log.follow(monitoringLog, { announced, interrupted: () => {} });
    await createStream("s");
    await Promise.all(ids.map((id) => create(id, "s")));

    await Promise.all(ids.map((id) => tasks.update(taskId(id), { status: "completed" }, backend)));

    await eventually(() => heard.at(-1)?.type === EventType.StreamCompleted, "the completed stream");
    unfollow();
    // Each is created and counted, then changed, completed and counted.
    expect(heard.map(({ position }) => position.offset)).toEqual(
      Array.from({ length: 1 + count * 6 + 1 }, (_, i) => i + 1),
    );
    expect(heard.filter(({ type }) => type === EventType.TaskCompleted).map(({ room }) => room)).toEqual(
      ids.map((id) => `task:${id}`),
    );
    expect(faultsOfHistory(heard)).toEqual([]);
  });
});
