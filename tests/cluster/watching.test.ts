import { describe, expect, it } from "@jest/globals";
import type { Envelope } from "../../shared/envelope.ts";
import { EventType } from "../../shared/event-type.ts";
import { formatPosition } from "../../shared/position.ts";
import { healthOf, progressOf, taskCreation, tell } from "../support/monitoring.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { offsets } from "../support/test-client.ts";
import { eventually } from "../support/within.ts";
import { sharedEnv, startInstances } from "./cluster.ts";

const monitor = { namespace: "/monitoring", roles: ["monitor"] } as const;
const types = [EventType.StreamProgress];

const start = async () => startInstances(await sharedEnv(), ["A", "B", "C"]);

/** Ten steps of a stream, between which other things happen. */
const steps = () =>
  Array.from({ length: 10 }, (_, done) => [progressOf("s1", done + 1), taskCreation(`t${done}`)]).flat();

describe("watching with several instances", () => {
  it("MONITOR-13 a stock client that reconnects to another instance gets everything once, in order", async () => {
    const [a, b, c] = await start();
    const first = await a.connect("mona", monitor);
    const joined = await first.ok("subscribe", { id: "s", topics: ["stream:*"], types });
    await tell(b, ...steps());
    const live = await first.next(EventType.StreamProgress, 10);
    first.close();
    await tell(c, ...steps());

    const again = await b.connect("mona", monitor);
    const after = live.at(-1)?.position ?? joined.position;
    const missed = await again.ok("subscribe", { id: "s", topics: ["stream:*"], types, after });
    await tell(a, ...steps());
    const next = await again.next(EventType.StreamProgress, 10);

    const all = [...live, ...(missed.events as Envelope[]), ...next];
    expect(offsets(all)).toEqual(Array.from({ length: 30 }, (_, index) => 1 + 2 * index));
    expect(missed).toMatchObject({ joined: true, recovered: true });
    expect([first, again].flatMap((client) => client.inbox.of("task.created"))).toEqual([]);
  });

  it("SSE-2 a reader that reconnects to another instance misses nothing while events are published", async () => {
    const [a, b, c] = await start();
    const first = await a.eventStream("mona", "topics=stream:*", { roles: ["monitor"] });
    await tell(b, ...steps());
    const live = await first.next(EventType.StreamProgress, 10);
    first.close();

    const publishing = tell(b, ...steps());
    const again = await c.eventStream("mona", "topics=stream:*", {
      roles: ["monitor"],
      lastEventId: first.lastEventId,
    });
    const next = await again.next(EventType.StreamProgress, 10);
    await publishing;

    expect(offsets([...live, ...next])).toEqual(Array.from({ length: 20 }, (_, index) => 1 + 2 * index));
  });

  it("POLL-1 each poll may go to another instance", async () => {
    const instances = await start();
    await tell(instances[0], progressOf("s1"));
    const ask = async (server: TestServer, after: string) => {
      const path = `/api/events?topics=stream:*&wait=20&after=${after}`;
      const { body } = await server.request("GET", path, { roles: ["monitor"] });
      return body as unknown as { position: { epoch: string; offset: number }; events: Envelope[] };
    };
    let { position } = await ask(instances[1], "none:0");
    const publishing = (async () => {
      for (const step of steps()) await tell(instances[2], step);
    })();

    const seen: (number | undefined)[] = [];
    for (let turn = 0; seen.length < 10; turn++) {
      const answer = await ask(instances[turn % 3] ?? instances[0], formatPosition(position));
      seen.push(...offsets(answer.events));
      ({ position } = answer);
    }
    await publishing;

    expect(seen).toEqual(Array.from({ length: 10 }, (_, index) => 2 + 2 * index));
  });

  it("HEALTH-1 every instance knows the newest health of each component, even one that starts later", async () => {
    const env = await sharedEnv();
    const [a, b] = await startInstances(env, ["A", "B"]);
    const mona = await b.connect("mona", monitor);
    await mona.ok("join_room", { room: "health" });
    await tell(a, healthOf("db", "down"));
    const heard = await mona.one(EventType.HealthUpdate);

    const late = await startServer({ store: "memory", env });
    const otto = await late.connect("otto", monitor);
    const known = async () => (await otto.ok("join_room", { room: "health" })).latest;
    await eventually(async () => (await known()).length === 1, "the newest update");

    expect(await known()).toEqual([heard]);
  });
});
