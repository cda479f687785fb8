import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { alertOf, healthOf, progressOf, taskCreation, tell } from "../support/monitoring.ts";
import { startServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import { offsets, texts } from "../support/test-client.ts";
import { tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";

const monitor = { roles: ["monitor"] } as const;

describe("an event stream", () => {
  it("SSE-4 it sends heartbeats, and ends when its token expires", async () => {
    const clock = new ManualClock();
    const exp = Math.floor(clock.now() / 1000) + 20;
    const env = { HEARTBEAT_INTERVAL_MS: "400" };
    const server = await startServer({ env, overrides: { clock } });
    const mona = await server.eventStream("mona", "topics=*", { ...monitor, claims: { exp } });

    for (let passed = 0; passed < 25_000; passed += 5_000) {
      clock.advance(5_000);
      await mona.inbox.one("comment");
    }
    clock.advance(10_000);
    await mona.inbox.one("end");

    expect(mona.inbox.of("system.connection.close")).toEqual([{ reason: "token_expired" }]);
  });

  it("SSE-5 a stopping instance closes it", async () => {
    const server = await startServer();
    const mona = await server.eventStream("mona", "topics=*", monitor);

    await server.server.drain(0);
    await mona.inbox.one("end");

    expect(mona.inbox.of("system.connection.close")).toMatchObject([{ reason: "server_shutdown" }]);
  });
});

describe.each(stores)("an event stream (%s)", (store) => {
  it("SSE-1 it sends stored events, then new ones, with positions as ids", async () => {
    const server = await startServer({ store });
    await tell(server, progressOf("s1", 1), taskCreation("t1"), progressOf("s1", 2));

    const mona = await server.eventStream("mona", "topics=stream:*,alerts&types=stream.progress&limit=1", monitor);
    const [kept] = await mona.next(EventType.StreamProgress, 1);
    const idOfKept = mona.lastEventId;
    await tell(server, alertOf("a1"), progressOf("s1", 3));
    const [live] = await mona.next(EventType.StreamProgress, 1);

    expect(mona.response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(mona.response.headers.get("cache-control")).toContain("no-store");
    expect(offsets([kept, live].map((event) => ({ ...event })))).toEqual([3, 5]);
    expect(idOfKept).toBe(`${kept?.position?.epoch}:3`);
    expect(mona.lastEventId).toBe(`${kept?.position?.epoch}:5`);
    expect(mona.inbox.of("alert_created")).toEqual([]);
  });

  it("SSE-2 after Last-Event-ID it continues without gaps or duplicates", async () => {
    const server = await startServer({ store });
    const first = await server.eventStream("mona", "topics=stream:*", monitor);
    await tell(server, progressOf("s1", 1));
    await first.next(EventType.StreamProgress, 1);
    first.close();
    await tell(
      server,
      ...Array.from({ length: 30 }, (_, done) => [progressOf("s1", done % 10), taskCreation(`t${done}`)]).flat(),
    );

    const { lastEventId } = first;
    const again = await server.eventStream("mona", "topics=stream:*&after=other:1&limit=3", {
      ...monitor,
      lastEventId,
    });
    const missed = await again.next(EventType.StreamProgress, 30);
    await tell(server, progressOf("s1", 10));
    const [live] = await again.next(EventType.StreamProgress, 1);

    expect(offsets(missed)).toEqual(Array.from({ length: 30 }, (_, index) => 2 + 2 * index));
    expect(live?.position?.offset).toBe(62);
    expect(again.inbox.of("system.room.reset")).toEqual([]);
  });

  it("SSE-2 it reports that the history is gone", async () => {
    const server = await startServer({ store });
    await tell(server, progressOf("s1", 1));

    const mona = await server.eventStream("mona", "topics=stream:*", { ...monitor, lastEventId: "other:17" });
    const reset = await mona.inbox.one("system.room.reset");

    expect(reset).toMatchObject({ room: "monitoring", position: { offset: 1 }, reason: "epoch_changed" });
    expect(offsets(await mona.next(EventType.StreamProgress, 1))).toEqual([1]);
  });

  it("SSE-3 a conversation's stream is only for members, and ends when the member is removed", async () => {
    const server = await startServer({ store });
    const [ada] = await server.conversation("42", "ada", "bob");
    await ada.ok("chat_message", { conversationId: "42", message: "one" });

    const bob = await server.eventStream("bob", "topics=conversation:42&types=chat_message");
    const eve = await server.eventStream("eve", "topics=conversation:42");
    const own = await server.eventStream("eve", "topics=user:bob");
    await ada.ok("chat_message", { conversationId: "42", message: "two" });
    const heard = await bob.next(EventType.ChatMessage, 2);
    await ada.ok("conversation.remove_member", { conversationId: "42", userId: "bob" });
    await bob.inbox.one("end");

    expect([eve.response.status, own.response.status]).toEqual([404, 403]);
    expect(texts(heard)).toEqual(["one", "two"]);
    expect(bob.inbox.of("system.room.left")).toEqual([{ room: "conversation:42", reason: "removed" }]);
  });

  it("SSE-8 a stream that is temporarily refused gets status 200, the reason and when to connect again, and ends", async () => {
    const server = await startServer({ store });

    const forbidden = await server.eventStream("ada", "topics=*", { roles: ["user"] });
    await server.server.drain(0);
    const refused = await server.eventStream("mona", "topics=*", monitor);
    const error = await refused.inbox.one("system.error");
    await refused.inbox.one("end");

    expect(refused.response.status).toBe(200);
    expect(error).toMatchObject({ command: null, error: { code: "unavailable", retryable: true } });
    // What the same request will always meet is a status: the reader must not ask for ever.
    expect(forbidden.response.status).toBe(403);
  });

  it("SSE-6 a stream that is not read is closed, and resumes from its position", async () => {
    const env = { LIMIT_BACKLOG_BYTES: "65536", HEARTBEAT_INTERVAL_MS: "400" };
    const server = await startServer({ store, env });
    const headers = { authorization: `Bearer ${tokenOf("mona", ["monitor"])}`, accept: "text/event-stream" };
    const slow = get(`${server.url}/api/events?topics=*`, { headers });
    slow.on("error", () => {});
    const [response] = (await once(slow, "response")) as [IncomingMessage];
    response.pause();
    const isClosed = () => server.lines.some((line) => line.includes('"reason":"slow_consumer"'));
    const details = { text: "x".repeat(60_000) };

    let sent = 0;
    const alert = () => ({
      ...alertOf(`a${++sent}`),
      data: { alertId: `a${sent}`, severity: "info", title: "a", details },
    });
    while (!isClosed() && sent < 300) await tell(server, alert());
    await eventually(isClosed, "the end of the slow reader");
    slow.destroy();
    const again = await server.eventStream("mona", "topics=*&limit=1", monitor);
    const [last] = await again.next(EventType.AlertCreated, 1);

    expect(last?.position?.offset).toBe(sent);
  });

  it("SSE-7 it sends the newest health of each component, and changes", async () => {
    const server = await startServer({ store });
    await tell(server, healthOf("db", "ok"), healthOf("web", "ok"));

    const mona = await server.eventStream("mona", "topics=health", monitor);
    const latest = await mona.next(EventType.HealthUpdate, 2);
    await tell(server, healthOf("db", "down"));
    const [change] = await mona.next(EventType.HealthUpdate, 1);

    expect(latest.map(({ data }) => data).sort()).toMatchObject([{ component: "db" }, { component: "web" }]);
    expect(change?.data).toEqual({ component: "db", status: "down" });
  });
});
