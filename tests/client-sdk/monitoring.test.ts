import { describe, expect, it } from "@jest/globals";
import type { Gap } from "../../client-sdk/index.ts";
import type { Envelope } from "../../shared/envelope.ts";
import { alertOf, healthOf, progressOf, taskCreation, tell } from "../support/monitoring.ts";
import { startServer } from "../support/server.ts";
import { storeEnv, stores } from "../support/stores.ts";
import { eventually } from "../support/within.ts";
import { connectSdk } from "./sdk-client.ts";

const watching = { namespaces: ["/monitoring"], roles: ["monitor"] } as const;
const named = (events: readonly Envelope[]) => events.map(({ type, room }) => `${type} ${room}`);

describe.each(stores)("subscriptions in the client (%s)", (store) => {
  it("SDK-19 each callback gets the events of its topics once, even if topics overlap", async () => {
    const server = await startServer({ store });
    const client = await connectSdk(server, "mona", watching);
    const [all, tasks, completed, bus]: Envelope[][] = [[], [], [], []];
    let live = 0;
    const handlers = {
      live: () => {
        live += 1;
      },
    };
    client.monitoring.subscribe("*", {}, (event) => all?.push(event), handlers);
    client.monitoring.subscribe(["task:*"], {}, (event) => tasks?.push(event), handlers);
    const stop = client.monitoring.subscribe("task:*", {}, (event) => completed?.push(event), handlers);
    client.monitoring.subscribe("*", { types: ["stream.progress"] }, ({ data }) => data.totalTasks.toFixed(), handlers);
    client.on("message", (event) => bus?.push(event));
    await eventually(() => live === 4, "four subscriptions");

    await tell(server, taskCreation("t1"), progressOf("s1"), alertOf("a1"));
    await eventually(() => all?.length === 3, "three events");
    stop();
    await tell(server, taskCreation("t2"));
    await eventually(() => all?.length === 4, "the fourth");

    const expected = [
      "task.created task:t1",
      "stream.progress stream:s1",
      "alert_created alerts",
      "task.created task:t2",
    ];
    expect(named(all ?? [])).toEqual(expected);
    expect(named(bus ?? [])).toEqual(expected);
    expect(named(tasks ?? [])).toEqual(["task.created task:t1", "task.created task:t2"]);
    expect(named(completed ?? [])).toEqual(["task.created task:t1"]);
  });

  it("SDK-19 they resume from their positions, and can begin at a given position", async () => {
    const env = await storeEnv(store);
    const server = await startServer({ store, env });
    const client = await connectSdk(server, "mona", watching);
    const rooms: string[] = [];
    const later: string[] = [];
    const gaps: Gap[] = [];
    let live = 0;
    const handlers = {
      live: () => {
        live += 1;
      },
      gap: (gap: Gap) => void gaps.push(gap),
    };
    client.monitoring.subscribe("task:*", {}, ({ room }) => rooms.push(room), handlers);
    await eventually(() => live === 1, "the subscription");
    await tell(server, taskCreation("t1"));
    await eventually(() => rooms.length === 1, "the first");

    client.disconnect();
    await tell(server, alertOf("a1"), taskCreation("t2"), progressOf("s1"), taskCreation("t3"));
    await client.connect();
    await eventually(() => rooms.length === 3, "what was missed");
    const [first] = (await connected(server, "task:*")).events;
    if (first?.position) {
      client.monitoring.subscribe("task:*", { after: first.position }, ({ room }) => later.push(room));
    }
    await eventually(() => later.length === 2, "what came after");

    expect(rooms).toEqual(["task:t1", "task:t2", "task:t3"]);
    expect(later).toEqual(["task:t2", "task:t3"]);
    expect(gaps).toEqual([]);
  });

  it("SDK-19 they begin with the newest health of each component and the latest requested events", async () => {
    const server = await startServer({ store });
    await tell(server, healthOf("store"), taskCreation("t1"), taskCreation("t2"));
    const events: Envelope[] = [];
    const client = await connectSdk(server, "mona", watching);

    client.monitoring.subscribe(["health", "task:*"], { recent: 1 }, (event) => events.push(event));
    await eventually(() => events.length === 2, "two events");

    expect(named(events)).toEqual(["task.created task:t2", "health_update health"]);
  });
});

/** The latest of a topic, as another client is told. */
async function connected(server: Parameters<typeof tell>[0], topic: string): Promise<{ events: Envelope[] }> {
  const events: Envelope[] = [];
  const client = await connectSdk(server, "otto", watching);
  client.monitoring.subscribe(topic, { recent: 50 }, (event) => events.push(event));
  await eventually(() => events.length === 3, "the latest");
  return { events };
}
