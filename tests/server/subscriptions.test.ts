import { describe, expect, it } from "@jest/globals";
import type { Envelope } from "../../shared/envelope.ts";
import { EventType } from "../../shared/event-type.ts";
import { alertOf, completionOf, progressOf, taskCreation, tell } from "../support/monitoring.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { sharedRedis, stores } from "../support/stores.ts";
import { offsets, type TestClient } from "../support/test-client.ts";
import { tokenOf } from "../support/tokens.ts";

type Watcher = TestClient<"/monitoring">;

const watch = (server: TestServer, sub = "mona") =>
  server.connect(sub, { namespace: "/monitoring", roles: ["monitor"] });

/** Everything that the client has heard before this alert, which is published for the purpose. */
async function heardUntil(server: TestServer, client: Watcher, marker: string): Promise<string[]> {
  await tell(server, alertOf(marker));
  const isMarker = ({ data }: Envelope<EventType.AlertCreated>) => data.alertId === marker;
  await client.inbox.until(() => client.seen(EventType.AlertCreated).some(isMarker), marker);
  return client.inbox.all
    .filter(({ name }) => !name.startsWith("system.") && name !== "alert_created")
    .map(({ name, data }) => `${name} ${(data as Envelope).room}`);
}

const shown = (events: readonly { type: string; room: string }[]) => events.map(({ type, room }) => `${type} ${room}`);

const senselessTopics: [what: string, topics: string[]][] = [
  ["no topic", []],
  ["51 topics", Array.from({ length: 51 }, (_, index) => `task:${index}`)],
  ["a kind that there is not", ["job:1"]],
  ["a room of /chat", ["conversation:42"]],
  ["a star in the middle", ["task:*:1"]],
  ["a star before the end", ["ta*"]],
  ["two stars", ["task:**"]],
  ["a kind that needs an id", ["task"]],
  ["an id where none belongs", ["health:1"]],
];

const grantsAndTopics: [granted: string, topic: string, answer: "ok" | "forbidden"][] = [
  ["task:t1", "task:t1", "ok"],
  ["task:t1", "task:t2", "forbidden"],
  ["task:t1", "task:t1*", "forbidden"],
  ["task:build-*", "task:build-7", "ok"],
  ["task:build-*", "task:build-7*", "ok"],
  ["task:build-*", "task:b*", "forbidden"],
  ["task:*", "*", "forbidden"],
  ["*", "*", "ok"],
  ["*", "alerts", "ok"],
  ["alerts", "alerts", "ok"],
];

describe("subscriptions", () => {
  it("MONITOR-7 invalid topics are invalid_payload, and change nothing", async () => {
    const server = await startServer();
    const mona = await watch(server);
    await mona.ok("subscribe", { id: "a", topics: ["stream:*", "alerts"] });

    const codes = await Promise.all(
      senselessTopics.map(async ([what, topics]) => [
        what,
        (await mona.refused("subscribe", { id: "a", topics })).code,
      ]),
    );
    await tell(server, progressOf("s1"));

    expect(codes).toEqual(senselessTopics.map(([what]) => [what, "invalid_payload"]));
    expect(await heardUntil(server, mona, "end")).toEqual(["stream.progress stream:s1"]);
  });

  it("MONITOR-8 they need a role of the namespace, or a grant that covers the topic", async () => {
    const server = await startServer();
    const answers = await Promise.all(
      grantsAndTopics.map(async ([granted, topic]) => {
        const grants = [{ room: granted, can: ["read"] }];
        const ada = await server.connect("ada", { namespace: "/monitoring", claims: { grants } });
        const reply = await ada.command("subscribe", { id: "a", topics: [topic] });
        return [granted, topic, reply.ok ? "ok" : reply.error.code];
      }),
    );

    expect(answers).toEqual(grantsAndTopics);
  });

  it("MONITOR-8 a grant for writing does not allow watching", async () => {
    const server = await startServer();
    const grants = [{ room: "task:*", can: ["write"] }];
    const ada = await server.connect("ada", { namespace: "/monitoring", claims: { grants } });

    const error = await ada.refused("join_room", { room: "task:t1" });

    expect(error.code).toBe("forbidden");
  });
});

describe.each(stores)("subscriptions (%s)", (store) => {
  it("MONITOR-1 rooms and patterns deliver what matches, and nothing else", async () => {
    const server = await startServer({ store });
    const mona = await watch(server);
    await mona.ok("subscribe", { id: "a", topics: ["stream:s1", "task:build-*", "alerts"] });

    await tell(server, progressOf("s1"), progressOf("s2"), taskCreation("build-1"), taskCreation("test-1"));
    const heard = await heardUntil(server, mona, "end");

    expect(heard).toEqual(["stream.progress stream:s1", "task.created task:build-1"]);
  });

  it("MONITOR-1 the topic * delivers everything once", async () => {
    const server = await startServer({ store });
    const mona = await watch(server);
    await mona.ok("subscribe", { id: "a", topics: ["*", "stream:*"] });
    await mona.ok("subscribe", { id: "b", topics: ["stream:s*", "stream:s1", "*"] });
    await mona.ok("join_room", { room: "stream:s1" });

    await tell(server, progressOf("s1"), taskCreation("t1"));
    const heard = await heardUntil(server, mona, "end");

    expect(heard).toEqual(["stream.progress stream:s1", "task.created task:t1"]);
  });

  it("MONITOR-2 with types only these are delivered, live and in the reply", async () => {
    const server = await startServer({ store });
    const mona = await watch(server);
    await tell(server, progressOf("s1"), completionOf("s1"), taskCreation("t1"));

    const types = [EventType.StreamProgress, EventType.AlertCreated];
    const { events, position } = await mona.ok("subscribe", { id: "a", topics: ["*"], types });
    await tell(server, completionOf("s2"), progressOf("s2"), taskCreation("t2"));
    const heard = await heardUntil(server, mona, "end");

    expect(shown(events)).toEqual(["stream.progress stream:s1"]);
    expect(position.offset).toBe(3);
    expect(heard).toEqual(["stream.progress stream:s2"]);
  });

  it("MONITOR-3 without a position the latest matching events are returned, as many as requested", async () => {
    const server = await startServer({ store });
    const mona = await watch(server);
    await tell(server, ...[1, 2, 3, 4].flatMap((done) => [progressOf("s1", done), taskCreation(`t${done}`)]));

    const reply = await mona.ok("subscribe", { id: "a", topics: ["stream:s1"], limit: 2 });

    expect(offsets(reply.events as Envelope[])).toEqual([5, 7]);
    expect(reply).toMatchObject({ id: "a", joined: true, hasMore: false, position: { offset: 8 }, latest: [] });
    expect(reply).not.toHaveProperty("recovered");
  });

  it("MONITOR-4 with a position all matching events after it are returned page by page, and then delivered live", async () => {
    const server = await startServer({ store });
    const mona = await watch(server);
    await tell(
      server,
      ...Array.from({ length: 20 }, (_, done) => [progressOf("s1", done), taskCreation(`t${done}`)]).flat(),
    );
    const { position } = await mona.ok("join_room", { room: "alerts" });

    let after = { ...position, offset: 4 };
    const seen: number[] = [];
    for (let joined = false; !joined; ) {
      const page = await mona.ok("subscribe", { id: "a", topics: ["stream:*"], after, limit: 7 });
      expect(page.recovered).toBe(true);
      expect(page.hasMore).toBe(!page.joined);
      seen.push(...offsets(page.events as Envelope[]).map(Number));
      ({ joined, position: after } = page);
    }
    await tell(server, progressOf("s1", 20));

    const live = await mona.one(EventType.StreamProgress);
    expect(seen).toEqual(Array.from({ length: 18 }, (_, index) => 5 + 2 * index));
    expect(live.position?.offset).toBe(41);
  });

  it("MONITOR-4 nothing is lost or duplicated while events are published", async () => {
    const server = await startServer({ store });
    const mona = await watch(server);
    let { position } = await mona.ok("join_room", { room: "alerts" });
    let isOver = false;
    const publishing = (async () => {
      for (let done = 0; !isOver; done++) await tell(server, progressOf("s1", done % 10), taskCreation(`t${done}`));
    })();

    const seen: number[] = [];
    for (let round = 0; round < 12 || seen.length < 20; ) {
      const page = await mona.ok("subscribe", { id: "a", topics: ["stream:*"], after: position, limit: 3 });
      seen.push(...offsets(page.events as Envelope[]).map(Number));
      ({ position } = page);
      if (!page.joined) continue;
      round++;
      await mona.ok("unsubscribe", { id: "a" });
      const live = offsets(mona.seen(EventType.StreamProgress)).map(Number);
      const news = live.filter((offset) => offset > page.position.offset);
      seen.push(...news);
      position = { ...position, offset: news.at(-1) ?? position.offset };
    }
    isOver = true;
    await publishing;

    expect(seen).toEqual(seen.map((_, index) => 1 + 2 * index));
  });

  it("MONITOR-4 a page with few matches returns the position that it has reached", async () => {
    const server = await startServer({ store, env: { LOG_MAX_EVENTS: "100000" } });
    const mona = await watch(server);
    const { position } = await mona.ok("join_room", { room: "alerts" });
    for (let i = 0; i < 6; i++)
      await tell(server, ...Array.from({ length: 400 }, (_, n) => taskCreation(`t${i}-${n}`)));
    await tell(server, progressOf("s1"));

    const first = await mona.ok("subscribe", { id: "a", topics: ["stream:*"], after: position });
    const second = await mona.ok("subscribe", { id: "a", topics: ["stream:*"], after: first.position });

    expect(first).toMatchObject({ joined: false, hasMore: true, events: [], position: { offset: 2_000 } });
    expect(second).toMatchObject({ joined: true, hasMore: false, position: { offset: 2_401 } });
    expect(shown(second.events)).toEqual(["stream.progress stream:s1"]);
  });

  it("MONITOR-5 with a position whose history is gone the latest events are returned, and the reason", async () => {
    const server = await startServer({ store, env: { LOG_MAX_EVENTS: "3" } });
    const mona = await watch(server);
    const { position } = await mona.ok("join_room", { room: "alerts" });
    await tell(server, ...Array.from({ length: 9 }, (_, done) => progressOf("s1", done)));
    const from = (after: object) => mona.ok("subscribe", { id: "a", topics: ["stream:*"], after: after as never });

    const trimmed = await from({ ...position, offset: 2 });
    const ahead = await from({ ...position, offset: 99 });
    const other = await from({ epoch: "other", offset: 9 });

    const lost = { joined: true, recovered: false, position: { offset: 9 } };
    expect(trimmed).toMatchObject({ ...lost, lostReason: "trimmed" });
    expect(ahead).toMatchObject({ ...lost, lostReason: "ahead_of_log" });
    expect(other).toMatchObject({ ...lost, lostReason: "epoch_changed" });
    expect(offsets(other.events as Envelope[])).toEqual([7, 8, 9]);
  });

  it("MONITOR-6 they end separately: the others continue", async () => {
    const server = await startServer({ store });
    const mona = await watch(server);
    for (const id of ["a", "b"]) await mona.ok("subscribe", { id, topics: ["stream:*", "task:*", "alerts"] });
    await mona.ok("join_room", { room: "task:t1" });

    await mona.ok("unsubscribe", { id: "a" });
    await tell(server, progressOf("s1"));
    const afterFirst = await heardUntil(server, mona, "first");
    await mona.ok("subscribe", { id: "b", topics: ["alerts"] });
    await tell(server, progressOf("s2"), taskCreation("t1"));
    const afterSecond = await heardUntil(server, mona, "second");
    await mona.ok("leave_room", { room: "task:t1" });
    await mona.ok("leave_room", { room: "task:t1" });
    await tell(server, taskCreation("t1"));
    const afterThird = await heardUntil(server, mona, "third");

    expect(afterFirst).toEqual(["stream.progress stream:s1"]);
    expect(afterSecond).toEqual([...afterFirst, "task.created task:t1"]);
    expect(afterThird).toEqual(afterSecond);
  });

  it("MONITOR-7 their number per connection is limited", async () => {
    const server = await startServer({ store, env: { LIMIT_SUBSCRIPTIONS_PER_CONNECTION: "3" } });
    const mona = await watch(server);

    const codes = await Promise.all(
      ["a", "b", "c", "d"].map(async (id) => {
        const reply = await mona.command("subscribe", { id, topics: ["task:*"] });
        return reply.ok ? "ok" : reply.error.code;
      }),
    );
    await mona.ok("unsubscribe", { id: "b" });
    await mona.ok("subscribe", { id: "a", topics: ["stream:*"] });
    await mona.ok("join_room", { room: "alerts" });

    expect(codes).toEqual(["ok", "ok", "ok", "limit_exceeded"]);
    expect(await mona.refused("join_room", { room: "health" })).toMatchObject({ code: "limit_exceeded" });
  });

  it("MONITOR-9 a refreshed token ends only the subscriptions that it does not allow", async () => {
    const server = await startServer({ store });
    const grantsOf = (...rooms: string[]) => ({ grants: rooms.map((room) => ({ room, can: ["read"] })) });
    const claims = grantsOf("task:*", "stream:*", "alerts");
    const ada = await server.connect("ada", { namespace: "/monitoring", claims });
    await ada.ok("subscribe", { id: "a", topics: ["task:*", "stream:*", "alerts"] });
    await ada.ok("join_room", { room: "stream:s1" });

    const token = tokenOf("ada", ["user"], grantsOf("task:*", "alerts"));
    await ada.ok("system.token.refresh", { token });
    await tell(server, progressOf("s1"), taskCreation("t1"));
    const heard = await heardUntil(server, ada, "end");

    expect(heard).toEqual(["task.created task:t1"]);
    expect(ada.inbox.of("system.room.left")).toEqual([
      { room: "stream:*", reason: "forbidden" },
      { room: "stream:s1", reason: "forbidden" },
    ]);
  });

  it("MONITOR-10 they work over the plain WebSocket too, besides the commands of /chat", async () => {
    const server = await startServer({ store });
    const mona = await server.connectWebSocket("mona", { roles: ["user", "monitor"] });
    await mona.ok("conversation.create", { id: "42" });

    const chat = await mona.ok("join_room", { room: "conversation:42" });
    const joined = await mona.ok("join_room", { room: "task:t*" });
    const subscribed = await mona.ok("subscribe", { id: "a", topics: ["*"], types: ["stream.progress"] });
    await tell(server, taskCreation("t1"), completionOf("s1"), progressOf("s1"));
    const progress = await mona.inbox.one("stream.progress");
    await mona.ok("leave_room", { room: "task:t*" });
    await mona.ok("leave_room", { room: "conversation:42" });

    expect(chat).toMatchObject({ room: "conversation:42", memberCount: 1 });
    expect(joined).toMatchObject({ room: "task:t*", joined: true });
    expect(subscribed).toMatchObject({ id: "a", joined: true });
    expect(progress).toMatchObject({ topic: "stream:s1", eventType: "stream.progress" });
    expect(mona.inbox.of("task.created")).toHaveLength(1);
    expect(mona.inbox.of("stream.completed")).toEqual([]);
  });
});

describe("subscriptions after Redis was restarted without data", () => {
  it("MONITOR-11 their clients are notified once that the log lost history, and continue", async () => {
    const server = await startServer({ store: "redis" });
    const mona = await watch(server);
    await mona.ok("subscribe", { id: "a", topics: ["stream:*"] });
    await mona.ok("subscribe", { id: "b", topics: ["*"] });
    await tell(server, progressOf("s1"));
    await mona.one(EventType.StreamProgress);

    await (await sharedRedis()).command("FLUSHALL");
    await tell(server, progressOf("s2"));
    const { room } = await mona.one(EventType.StreamProgress);

    expect(room).toBe("stream:s2");
    expect(mona.inbox.of("system.room.reset")).toMatchObject([{ room: "monitoring", reason: "epoch_changed" }]);
  });
});
