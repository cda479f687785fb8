import { describe, expect, it } from "@jest/globals";
import type { Envelope } from "../../shared/envelope.ts";
import { DispatchQuery } from "../../shared/http/dispatches.ts";
import { EventsAnswer, EventsQuery } from "../../shared/http/events.ts";
import { formatPosition, type Position } from "../../shared/position.ts";
import type { Role } from "../../shared/role.ts";
import { alertOf, healthOf, progressOf, taskCreation, tell } from "../support/monitoring.ts";
import { requestFor } from "../support/request-for.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import { offsets, texts } from "../support/test-client.ts";

async function poll(server: TestServer, query: string, options: { as?: string; roles?: readonly Role[] } = {}) {
  const { as = "mona", roles = ["monitor"] } = options;
  const { status, body } = await server.request("GET", `/api/events?${query}`, { as, roles });
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
  return EventsAnswer.parse(body);
}

const place = (position: Position) => `&after=${formatPosition(position)}`;

const refusal = async (server: TestServer, query: string, as = "mona", roles: readonly Role[] = ["monitor"]) => {
  const { status, body } = await server.request("GET", `/api/events?${query}`, { as, roles });
  return `${status} ${String(body.code)}`;
};

describe("long polls", () => {
  it("POLL-4 an invalid request is refused with an error code of the protocol", async () => {
    const server = await startServer();
    await server.conversation("42", "ada", "bob");

    const invalid = await Promise.all(
      [
        "",
        "topics=",
        "topics=job:1",
        "topics=task:*:1",
        "topics=conversation:42,conversation:43",
        "topics=conversation:42,task:1",
        `topics=${Array.from({ length: 51 }, (_, index) => `task:${index}`).join(",")}`,
        "topics=task:1&topics=task:2",
        "topics=task:*&wait=9999",
        "topics=task:*&wait=-1",
        "topics=task:*&limit=0",
        "topics=task:*&limit=1001",
        "topics=task:*&after=17",
        "topics=task:*&types=nonsense",
        "topics=task:*&extra=1",
      ].map((query) => refusal(server, query)),
    );
    const others = [
      await refusal(server, "topics=task:*", "ada", ["user"]),
      await refusal(server, "topics=user:bob", "ada", ["user"]),
      await refusal(server, "topics=user:bob", "root", ["admin"]),
      await refusal(server, "topics=conversation:42", "eve", ["user"]),
      await refusal(server, "topics=conversation:nowhere", "ada", ["user"]),
      await refusal(server, "topics=broadcast"),
    ];

    expect([...new Set(invalid)]).toEqual(["400 invalid_payload"]);
    expect(others).toEqual([
      "403 forbidden",
      "403 forbidden",
      "403 forbidden",
      "404 not_found",
      "404 not_found",
      "403 forbidden",
    ]);
  });

  it("POLL-5 waiting requests are answered when the instance stops", async () => {
    const server = await startServer();
    await tell(server, progressOf("s1"));
    const { position } = await poll(server, "topics=*");
    const queries = [`topics=*&wait=55${place(position)}`, "topics=task:*&wait=55"] as const;
    const begun = queries.map((query) => requestFor(`/api/events?${query}`));
    const [waiting, other] = [poll(server, queries[0]), poll(server, queries[1])];
    await Promise.all(begun);
    await poll(server, "topics=*&wait=1&after=other:0");

    await server.server.drain(0);

    expect(await waiting).toMatchObject({ events: [], position });
    expect(await other).toMatchObject({ events: [], position });
    expect(await refusal(server, "topics=*&wait=55")).toBe("200 undefined");
  });

  it("POLL-7 a wait that common proxies would cut off is shortened", () => {
    expect(["0", "44", "55"].map((wait) => DispatchQuery.parse({ wait }).wait)).toEqual([0, 44, 45]);
    expect(EventsQuery.parse({ topics: "health", wait: "55" }).wait).toBe(45);
    expect(DispatchQuery.safeParse({ wait: "56" }).success).toBe(false);
  });

  it("POLL-5 the number of waiting requests per user is limited", async () => {
    const server = await startServer({ env: { LIMIT_CONNECTIONS_PER_USER: "2" } });
    const waiting = [1, 2, 3].map(() => refusal(server, "topics=task:*&wait=50"));
    const others = poll(server, "topics=task:*&wait=50", { as: "otto" });

    // Whoever is answered at once is not one of the two who wait.
    const refused = await Promise.race(waiting);
    await tell(server, taskCreation("t1"));

    expect(refused).toBe("422 limit_exceeded");
    expect((await Promise.all(waiting)).sort()).toEqual(["200 undefined", "200 undefined", "422 limit_exceeded"]);
    expect((await others).events).toHaveLength(1);
  });
});

describe.each(stores)("long polls (%s)", (store) => {
  it("POLL-1 a poll returns events after a position, page by page, from any instance", async () => {
    const server = await startServer({ store });
    await tell(server, ...[1, 2, 3, 4, 5].flatMap((done) => [progressOf("s1", done), taskCreation(`t${done}`)]));

    const latest = await poll(server, "topics=stream:*&limit=2");
    const start = { ...latest.position, offset: 0 };
    const first = await poll(server, `topics=stream:*&limit=3${place(start)}`);
    const second = await poll(server, `topics=stream:*&limit=3${place(first.position)}`);
    const third = await poll(server, `topics=stream:*&types=stream.completed${place(start)}`);

    expect(offsets(latest.events as Envelope[])).toEqual([7, 9]);
    expect(latest).toMatchObject({ hasMore: false, position: { offset: 10 } });
    expect(offsets(first.events as Envelope[])).toEqual([1, 3, 5]);
    expect(first).toMatchObject({ hasMore: true, recovered: true, position: { offset: 6 } });
    expect(offsets(second.events as Envelope[])).toEqual([7, 9]);
    expect(second).toMatchObject({ hasMore: false, position: { offset: 10 } });
    expect(third).toMatchObject({ events: [], hasMore: false, position: { offset: 10 } });
  });

  it("POLL-1 members may poll a conversation", async () => {
    const server = await startServer({ store });
    const [ada] = await server.conversation("42", "ada", "bob");
    const user = { as: "bob", roles: ["user"] } as const;
    for (const message of ["one", "two"]) await ada.ok("chat_message", { conversationId: "42", message });

    const first = await poll(server, "topics=conversation:42&limit=1", user);
    const start = { ...first.position, offset: 0 };
    const all = await poll(server, `topics=conversation:42${place(start)}`, user);

    expect(texts(first.events)).toEqual(["two"]);
    expect(texts(all.events)).toEqual(["one", "two"]);
    expect(all).not.toHaveProperty("latest");
  });

  it("POLL-2 a poll waits for the first event that matches", async () => {
    const server = await startServer({ store });
    const [ada] = await server.conversation("42", "ada", "bob");
    await tell(server, alertOf("a0"));
    const before = await poll(server, "topics=alerts");
    const waiting = poll(server, `topics=stream:*,task:t2&wait=20${place(before.position)}`);
    const chatting = poll(server, "topics=conversation:42&wait=20", { as: "bob", roles: ["user"] });

    await tell(server, alertOf("a1"), taskCreation("t1"), progressOf("s1"));
    await ada.ok("chat_message", { conversationId: "42", message: "hello" });
    const answer = await waiting;

    expect(offsets(answer.events as Envelope[])).toEqual([4]);
    expect(answer).toMatchObject({ hasMore: false, recovered: true, position: { offset: 4 } });
    expect(texts((await chatting).events)).toEqual(["hello"]);
  });

  it("POLL-2 a poll waits for the requested time only, and returns the position that it has reached", async () => {
    const server = await startServer({ store });
    const { position } = await poll(server, "topics=stream:*");
    await tell(server, alertOf("a1"));

    const answer = await poll(server, `topics=stream:*&wait=1${place(position)}`);

    expect(answer).toEqual({ events: [], hasMore: false, recovered: true, position: { ...position, offset: 1 } });
  });

  it("POLL-3 a poll reports that the history is gone", async () => {
    const server = await startServer({ store });
    await tell(server, progressOf("s1"));

    const other = await poll(server, "topics=stream:*&wait=20&after=other:5");
    const ahead = await poll(server, `topics=stream:*&wait=20${place({ ...other.position, offset: 99 })}`);

    expect(other).toMatchObject({ recovered: false, lostReason: "epoch_changed", position: { offset: 1 } });
    expect(offsets(other.events as Envelope[])).toEqual([1]);
    expect(ahead).toMatchObject({ recovered: false, lostReason: "ahead_of_log" });
  });

  it("POLL-4 a member who is removed while waiting gets nothing more", async () => {
    const server = await startServer({ store });
    const [ada] = await server.conversation("42", "ada", "bob");
    const waiting = refusal(server, "topics=conversation:42&wait=20", "bob", ["user"]);
    await poll(server, "topics=conversation:42", { as: "ada", roles: ["user"] });

    await ada.ok("conversation.remove_member", { conversationId: "42", userId: "bob" });
    await ada.ok("chat_message", { conversationId: "42", message: "secret" });

    expect(await waiting).toBe("404 not_found");
  });

  it("POLL-6 a poll returns the newest health of each component", async () => {
    const server = await startServer({ store });
    await tell(server, healthOf("db", "ok"), healthOf("web", "ok"));

    const { latest } = await poll(server, "topics=health,alerts");

    expect(latest?.map(({ data }) => data.component).sort()).toEqual(["db", "web"]);
  });
});
