import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { alertOf, healthOf, progressOf, type Told, taskCreation, tell } from "../support/monitoring.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import { offsets, texts } from "../support/test-client.ts";

const post = (server: TestServer, body: unknown) =>
  server.request("POST", "/api/events", { as: "backend", roles: ["service"], body });

const watch = (server: TestServer) => server.connect("mona", { namespace: "/monitoring", roles: ["monitor"] });

describe("publishing over HTTP", () => {
  it("PUBLISH-3 only the role service may publish", async () => {
    const server = await startServer();

    const answers = await Promise.all(
      (["user", "monitor", "admin", "agent"] as const).map((role) =>
        server.request("POST", "/api/events", { roles: [role], body: alertOf("a1") }),
      ),
    );
    const nobody = await server.request("POST", "/api/events", { as: null, body: alertOf("a1") });

    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    expect(nobody.status).toBe(401);
  });
});

describe.each(stores)("publishing over HTTP (%s)", (store) => {
  it("PUBLISH-1 one event or a list is published, in the order of the list", async () => {
    const server = await startServer({ store });
    const mona = await watch(server);
    await mona.ok("join_room", { room: "*" });

    const [one] = await tell(server, { ...alertOf("a0"), id: "chosen" });
    const many = await tell(server, ...Array.from({ length: 300 }, (_, index) => taskCreation(`t${index}`)));
    const heard = await mona.next(EventType.TaskCreated, 300);

    expect(one).toMatchObject({ id: "chosen", duplicate: false, position: { offset: 1 } });
    expect(many.map(({ position }) => position.offset)).toEqual(Array.from({ length: 300 }, (_, index) => index + 2));
    expect(heard.map(({ id }) => id)).toEqual(many.map(({ id }) => id));
    expect(heard[0]).toMatchObject({ sender: { userId: "backend" }, room: "task:t0", data: { id: "t0" } });
  });

  it("PUBLISH-2 the same id is published once, with the same reply", async () => {
    const server = await startServer({ store });
    const alert = { ...alertOf("a1"), id: "once" };

    const [first] = await tell(server, alert);
    const again = await tell(server, alert, alertOf("a2"), alert);
    const [next] = await tell(server, alertOf("a3"));

    expect(again).toMatchObject([{ ...first, duplicate: true }, { duplicate: false }, { ...first, duplicate: true }]);
    expect(next?.position.offset).toBe(3);
  });

  it("PUBLISH-3 a list with an invalid event is refused as a whole", async () => {
    const server = await startServer({ store });
    const wrong: [event: unknown, status: number, path?: string][] = [
      [{ ...alertOf("a"), room: "task:1" }, 400, "1.room"],
      [{ ...alertOf("a"), room: "nowhere:1" }, 400, "1.room"],
      [{ ...alertOf("a"), type: "nonsense" }, 400, "1.type"],
      [{ ...alertOf("a"), data: {} }, 400, "1.data.alertId"],
      [{ ...alertOf("a"), data: { ...alertOf("a").data, extra: 1 } }, 400, "1.data"],
      [{ ...alertOf("a"), data: "text" }, 400, "1.data"],
      [{ ...alertOf("a"), id: "a b" }, 400, "1.id"],
      [{ ...alertOf("a"), extra: 1 }, 400, "1"],
      [null, 400, "1"],
      [{ room: "conversation:1", type: "user_joined", data: { userId: "ada", memberCount: 1 } }, 403],
      [{ room: "conversation:1", type: "chat_response_delta", data: { responseId: "r", index: 0, delta: "a" } }, 403],
      [{ room: "conversation:nowhere", type: "chat_message", data: { message: "hi" } }, 404],
    ];

    const answers = [];
    for (const [event] of wrong) {
      const { status, body } = await post(server, [alertOf("good"), event]);
      const [fault] = (body.details ?? []) as { path: string }[];
      answers.push(fault ? [event, status, fault.path] : [event, status]);
    }
    const sizes = [
      await post(server, []),
      await post(
        server,
        Array.from({ length: 501 }, () => ({})),
      ),
    ];
    const [next] = await tell(server, alertOf("a1"));

    expect(answers).toEqual(wrong);
    expect(sizes.map(({ status }) => status)).toEqual([400, 400]);
    expect(next?.position.offset).toBe(1);
  });

  it("PUBLISH-4 events can be published into conversations and to users, like their own messages", async () => {
    const server = await startServer({ store });
    const [ada] = await server.conversation("42", "ada", "bob");
    const response = { responseId: "r-1", message: "Done.", status: "complete" };
    const said: Told[] = [
      { room: "conversation:42", type: "chat_message", data: { message: "hello" } },
      { room: "conversation:42", type: "chat_response", data: response },
      { room: "user:ada", type: "notification", data: { title: "Look", level: "info" } },
      { room: "broadcast", type: "announcement", data: { message: "All", level: "info" } },
    ];

    // The log of user:ada begins with the conversation that she is in.
    const published = await tell(server, ...said);
    const again = await tell(server, ...said.slice(1, 2));

    expect(offsets(published)).toEqual([1, 2, 2, 1]);
    expect(again).toMatchObject([{ position: { offset: 2 }, duplicate: true }]);
    expect(texts(await ada.next(EventType.ChatMessage, 1))).toEqual(["hello"]);
    expect((await ada.one(EventType.ChatResponse)).data).toMatchObject(response);
    expect((await ada.one(EventType.Notification)).data.title).toBe("Look");
    expect((await ada.one(EventType.Announcement)).data.message).toBe("All");
  });

  it("PUBLISH-5 a burst of 1 000 task updates reaches a watcher complete and in order", async () => {
    const server = await startServer({ store, env: { LIMIT_MESSAGE_BYTES: "1048576" } });
    const mona = await watch(server);
    await mona.ok("join_room", { room: "task:*" });
    const update = (index: number): Told => ({
      room: `task:t${index % 50}`,
      type: "task.updated",
      data: { id: `t${index % 50}`, title: String(index), status: "in_progress", changes: ["title"] },
    });
    const burst = Array.from({ length: 1_000 }, (_, index) => update(index));

    await Promise.all([tell(server, ...burst.slice(0, 500)), tell(server, ...burst.slice(500))]);
    const heard = await mona.next(EventType.TaskUpdated, 1_000);

    expect(offsets(heard)).toEqual(Array.from({ length: 1_000 }, (_, index) => 1 + index));
    const titles = heard.map(({ data }) => Number(data.title));
    expect(titles.filter((title) => title < 500)).toEqual(Array.from({ length: 500 }, (_, index) => index));
    expect(titles.filter((title) => title >= 500)).toEqual(Array.from({ length: 500 }, (_, index) => 500 + index));
  });

  it("HEALTH-1 each new subscriber gets the newest health of each component, for an hour", async () => {
    const server = await startServer({ store });
    await tell(server, healthOf("db", "ok"), healthOf("web", "ok"), progressOf("s1"));
    await tell(server, { room: "health", type: "performance_update", data: { component: "db", metrics: { qps: 7 } } });
    const mona = await watch(server);

    const all = await mona.ok("subscribe", { id: "all", topics: ["*"] });
    const some = await mona.ok("subscribe", { id: "some", topics: ["health"], types: [EventType.PerformanceUpdate] });
    const none = await mona.ok("subscribe", { id: "none", topics: ["task:*"] });

    expect(all.latest.map(({ type, data }) => `${type} ${data.component}`).sort()).toEqual([
      "health_update db",
      "health_update web",
      "performance_update db",
    ]);
    expect(some.latest).toMatchObject([{ type: "performance_update", data: { metrics: { qps: 7 } } }]);
    expect(none.latest).toEqual([]);
  });

  it("HEALTH-2 rapid updates of a component are conflated, and the newest always arrives", async () => {
    const server = await startServer({ store });
    const mona = await watch(server);
    await mona.ok("join_room", { room: "health" });
    const metrics = (component: string, qps: number): Told => ({
      room: "health",
      type: "performance_update",
      data: { component, metrics: { qps } },
    });

    const startedAt = performance.now();
    await tell(server, ...Array.from({ length: 300 }, (_, qps) => metrics(qps % 2 === 0 ? "db" : "web", qps)));
    const arrived = () => mona.seen(EventType.PerformanceUpdate).map(({ data }) => data.metrics.qps);
    await mona.inbox.until(() => arrived().includes(298) && arrived().includes(299), "the newest of both");
    const windows = 2 + Math.ceil((performance.now() - startedAt) / 200);

    expect(arrived().slice(0, 2)).toEqual([0, 1]);
    expect(arrived().length).toBeLessThanOrEqual(2 * windows);
  });
});
