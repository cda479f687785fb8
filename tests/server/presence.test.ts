import { describe, expect, it } from "@jest/globals";
import type { Envelope } from "../../shared/envelope.ts";
import { EventType } from "../../shared/event-type.ts";
import type { WebsocketStatus } from "../../shared/http/websocket-status.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import type { TestClient } from "../support/test-client.ts";
import { eventually } from "../support/within.ts";

const room = "conversation:42";
const graceMs = 5_000;

const statusOf = async (server: TestServer) =>
  (await server.request("GET", "/api/websocket/status", { as: null })).body as unknown as WebsocketStatus;

/** The server has noticed who is gone. */
const connections = (server: TestServer, count: number) =>
  eventually(async () => (await statusOf(server)).connections === count, `${count} connections`);

/** Who else came and went, as Ada was told: `+bob 2`. */
const changes = (ada: TestClient) =>
  ada.inbox.all.flatMap(({ name, data }) => {
    if (name !== EventType.UserJoined && name !== EventType.UserLeft) return [];
    const { userId, memberCount } = (data as Envelope<typeof name>).data;
    return userId === "ada" ? [] : [`${name === EventType.UserJoined ? "+" : "-"}${userId} ${memberCount}`];
  });

describe.each(stores)("presence (%s)", (store) => {
  /** Ada is in the conversation, and hears who comes and goes. */
  async function start(members: string[], env: Record<string, string> = {}) {
    const clock = new ManualClock();
    const server = await startServer({ store, env, overrides: { clock } });
    const ada = await server.connect("ada");
    await ada.ok("conversation.create", { id: "42", members });
    await ada.ok("join_room", { room });
    const join = async (sub: string, io = {}) => {
      const client = await server.connect(sub, { io: { reconnection: false, ...io } });
      await client.ok("join_room", { room });
      return client;
    };
    /** Everything that was to be told before now has been. */
    const marker = async () => {
      const reply = await ada.ok("chat_message", { conversationId: "42", message: "marker" });
      await ada.inbox.until(() => ada.seen(EventType.ChatMessage).some(({ id }) => id === reply.id), "the marker");
    };
    return { server, clock, ada, join, marker };
  }

  it("WHO-1 the others are notified of a user's first and last connection, at whatever doors", async () => {
    const { server, ada, join, marker } = await start(["bob"]);

    const laptop = await join("bob");
    const phone = await join("bob");
    const script = await server.connectWebSocket("bob", { query: "&conversation_id=42" });
    await script.inbox.one("reply");
    await laptop.ok("leave_room", { room });
    await script.ok("leave_room", { room });
    await marker();
    const whileThere = changes(ada);
    await phone.ok("leave_room", { room });
    await marker();

    expect(whileThere).toEqual(["+bob 2"]);
    expect(changes(ada)).toEqual(["+bob 2", "-bob 1"]);
  });

  it("WHO-1 the reply to a join has the present users and their numbers of connections", async () => {
    const { server, join } = await start(["bob", "carol"]);
    await join("bob");
    const script = await server.connectWebSocket("bob");
    await script.ok("join_room", { room });
    const carol = await server.connect("carol");

    const joined = await carol.ok("join_room", { room });

    expect(joined.memberCount).toBe(3);
    expect(joined.members).toEqual([
      { userId: "ada", name: "Ada", connections: 1 },
      { userId: "bob", name: "Bob", connections: 2 },
      { userId: "carol", name: "Carol", connections: 1 },
    ]);
  });

  it("WHO-1 a connection that joins twice counts once", async () => {
    const { ada, join, marker } = await start(["bob"]);
    const bob = await join("bob");

    const again = await bob.ok("join_room", { room });
    await bob.ok("leave_room", { room });
    await marker();

    expect(again.members.find(({ userId }) => userId === "bob")?.connections).toBe(1);
    expect(changes(ada)).toEqual(["+bob 2", "-bob 1"]);
  });

  it("WHO-1 arrivals in a user's own room are not announced", async () => {
    const { ada, join, marker } = await start(["bob"]);
    const bob = await join("bob");

    const own = await bob.ok("join_room", { room: "user:bob" });
    await bob.ok("leave_room", { room: "user:bob" });
    await bob.ok("leave_room", { room: "broadcast" });
    await marker();

    expect(own).toMatchObject({ members: [], memberCount: 0 });
    expect(changes(ada)).toEqual(["+bob 2"]);
  });

  it("WHO-2 a user who leaves is announced at once, whatever the grace period is", async () => {
    const { ada, join, marker } = await start(["bob"], { PRESENCE_GRACE_MS: String(graceMs) });
    const bob = await join("bob");

    await bob.ok("leave_room", { room });
    await marker();

    expect(changes(ada)).toEqual(["+bob 2", "-bob 1"]);
  });

  it("WHO-2 a user whose connection was lost is announced when the grace period ends, at either door", async () => {
    const { server, clock, ada, join, marker } = await start(["bob", "carol"], {
      PRESENCE_GRACE_MS: String(graceMs),
    });
    const bob = await join("bob");
    const script = await server.connectWebSocket("carol", { query: "&conversation_id=42" });
    await script.inbox.one("reply");

    bob.socket.io.engine.close();
    script.socket.terminate();
    await connections(server, 1);
    clock.advance(graceMs - 1);
    await marker();
    const before = changes(ada);
    clock.advance(1);
    await ada.next(EventType.UserLeft, 2);

    expect(before).toEqual(["+bob 2", "+carol 3"]);
    expect(
      changes(ada)
        .slice(2)
        .map((change) => change.slice(0, 2))
        .toSorted(),
    ).toEqual(["-b", "-c"]);
    expect(changes(ada).at(-1)).toMatch(/ 1$/);
  });

  it("WHO-2 a user who reconnects within the grace period is not announced", async () => {
    const { server, clock, ada, join } = await start(["bob", "carol"], { PRESENCE_GRACE_MS: String(graceMs) });
    const bob = await join("bob");
    const carol = await join("carol");
    bob.socket.io.engine.close();
    carol.socket.io.engine.close();
    await connections(server, 1);

    clock.advance(graceMs - 1);
    await join("bob");
    clock.advance(graceMs);
    // Carol's departure is found by the look round that would find Bob's, which began before hers.
    await ada.one(EventType.UserLeft);

    expect(changes(ada)).toEqual(["+bob 2", "+carol 3", "-carol 2"]);
  });

  it("WHO-2 a stock client that reconnects by itself within the grace period is not announced", async () => {
    const { server, clock, ada, join } = await start(["bob", "carol"], { PRESENCE_GRACE_MS: String(graceMs) });
    const bob = await join("bob", { reconnection: true, reconnectionDelay: 10 });
    const carol = await join("carol");

    bob.socket.io.engine.close();
    carol.socket.disconnect();
    await bob.inbox.one("system.connection.established");
    const joined = await bob.ok("join_room", { room });
    await connections(server, 2);
    clock.advance(graceMs);
    await ada.one(EventType.UserLeft);

    expect(joined.members.find(({ userId }) => userId === "bob")?.connections).toBe(1);
    expect(changes(ada)).toEqual(["+bob 2", "+carol 3", "-carol 2"]);
  });

  it("WHO-2 a user who leaves with the last connection departs at once, even if another was just lost", async () => {
    const { server, ada, join, marker } = await start(["bob"], { PRESENCE_GRACE_MS: String(graceMs) });
    const lost = await join("bob");
    const leaves = await join("bob");

    lost.socket.io.engine.close();
    await connections(server, 2);
    await leaves.ok("leave_room", { room });
    await marker();

    expect(changes(ada)).toEqual(["+bob 2", "-bob 1"]);
  });

  it("WHO-2 when all users have left, nobody is present, and the next one is alone", async () => {
    const { server, clock, ada, join } = await start(["bob"], {
      PRESENCE_GRACE_MS: String(graceMs),
      LIMIT_COMMANDS_BURST: "100000",
    });
    const bob = await join("bob");
    const script = await server.connectWebSocket("bob", { query: "&conversation_id=42" });
    await script.inbox.one("reply");
    const admin = await server.connect("root", { namespace: "/admin", roles: ["admin"] });
    const during = await statusOf(server);

    for (const { socket } of [ada, bob, admin]) socket.disconnect();
    script.close();
    await connections(server, 0);
    const after = await statusOf(server);
    clock.advance(graceMs);

    const late = await server.connect("bob");
    const isAlone = async () => (await late.ok("join_room", { room })).memberCount === 1;
    await eventually(isAlone, "the others to be gone");
    expect(during).toMatchObject({ connections: 4, rooms: { chat: 3, monitoring: 0, admin: 1, agents: 0 } });
    expect(after).toMatchObject({ connections: 0, rooms: { chat: 0, monitoring: 0, admin: 0, agents: 0 } });
  });
});
