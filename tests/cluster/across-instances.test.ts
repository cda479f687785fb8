import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import type { WebsocketStatus } from "../../shared/http/websocket-status.ts";
import type { TestServer } from "../support/server.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { eventually } from "../support/within.ts";
import { comingsAndGoings, conversationId, heard, room, say, sharedEnv, startInstances, textsOf } from "./cluster.ts";

/** Ada on one instance, Bob on the other, both in a conversation of theirs. */
async function apart(env: Record<string, string> = {}) {
  const shared = { ...(await sharedEnv()), ...env };
  const [a, b] = await startInstances(shared, ["A", "B"]);
  const ada = await a.connect("ada");
  const bob = await b.connect("bob");
  await ada.ok("conversation.create", { id: conversationId, members: ["bob"] });
  await ada.ok("join_room", { room });
  await bob.ok("join_room", { room });
  await ada.one(EventType.UserJoined);
  await ada.inbox.until(() => comingsAndGoings(ada).includes("+bob 2"), "Bob");
  return { shared, a, b, ada, bob };
}

const countsOf = async (server: TestServer) =>
  (await server.request("GET", "/api/websocket/status", { as: null })).body as unknown as WebsocketStatus;

describe("across instances", () => {
  it("CLUSTER-4 a user's arrival and departure are announced once over all instances, and the user is listed with all connections", async () => {
    const { a, b, ada, bob } = await apart();

    const second = await a.connect("bob");
    const joined = await second.ok("join_room", { room });
    const script = await b.connectWebSocket("bob", { query: `&conversation_id=${conversationId}` });
    await script.inbox.one("reply");
    const { members, memberCount } = await ada.ok("join_room", { room });
    await bob.ok("leave_room", { room });
    await second.ok("leave_room", { room });
    await script.ok("leave_room", { room });
    await ada.inbox.until(() => comingsAndGoings(ada).includes("-bob 1"), "the end of Bob");

    expect(joined.memberCount).toBe(2);
    expect(memberCount).toBe(2);
    expect(members).toEqual([
      { userId: "ada", name: "Ada", connections: 1 },
      { userId: "bob", name: "Bob", connections: 3 },
    ]);
    expect(comingsAndGoings(ada)).toEqual(["+ada 1", "+bob 2", "-bob 1"]);
  });

  it("CLUSTER-4 a user who reconnects to another instance within the grace period counts as present throughout", async () => {
    // Longer than the test.
    const { a, ada, bob } = await apart({ PRESENCE_GRACE_MS: "600000" });

    bob.close();
    const isLost = async () => {
      const { members } = await ada.ok("join_room", { room });
      return members.some(({ userId, connections }) => userId === "bob" && connections === 0);
    };
    await eventually(isLost, "the end of Bob's connection");
    const again = await a.connect("bob");
    await again.ok("join_room", { room });
    // Leaving is told at once, and after whatever there was to tell of the connection that was lost.
    await again.ok("leave_room", { room });
    await ada.inbox.until(() => comingsAndGoings(ada).includes("-bob 1"), "the end of Bob");

    expect(comingsAndGoings(ada)).toEqual(["+ada 1", "+bob 2", "-bob 1"]);
  });

  it("CLUSTER-5 a removed member leaves the room on every other instance within 2 s, and is notified", async () => {
    const { a, b, ada, bob } = await apart();
    const cy = await b.connect("cy");
    await ada.ok("conversation.add_members", { conversationId, userIds: ["cy"] });
    await cy.ok("join_room", { room });

    const sinceRemoval = stopwatch();
    await ada.ok("conversation.remove_member", { conversationId, userId: "bob" });
    const left = await bob.inbox.one("system.room.left");
    const tookMs = sinceRemoval();
    await say(ada, "without Bob");
    await heard(cy, "without Bob");
    const refusal = await bob.refused("chat_message", { conversationId, message: "still here?" });
    const notElsewhere = await (await a.connect("bob")).refused("join_room", { room });

    expect(left).toEqual({ room, reason: "removed" });
    expect(tookMs).toBeLessThan(2_000);
    expect(textsOf(bob)).toEqual([]);
    expect(refusal.code).toBe("not_found");
    expect(notElsewhere.code).toBe("not_found");
  });

  it("CLUSTER-6 a change on one instance takes effect on the other at once", async () => {
    const { b, ada, bob } = await apart();

    for (const userId of ["cy", "dan", "eve"]) {
      const client = await b.connect(userId);
      const before = await client.refused("join_room", { room });
      await ada.ok("conversation.add_members", { conversationId, userIds: [userId] });
      const joined = await client.ok("join_room", { room });
      await ada.ok("conversation.rename", { conversationId, title: `with ${userId}` });
      const { conversations } = await client.ok("conversation.list", {});

      expect(before.code).toBe("not_found");
      expect(joined.joined).toBe(true);
      expect(conversations[0]?.title).toBe(`with ${userId}`);
    }
    const created = await ada.ok("conversation.create", { id: "new", members: ["bob"] });
    const { joined } = await bob.ok("join_room", { room: "conversation:new" });

    expect(created.conversation.id).toBe("new");
    expect(joined).toBe(true);
  });

  it("CLUSTER-7 the producer of a cancelled response is notified on every instance", async () => {
    const { a, b, ada } = await apart();
    await ada.ok("conversation.add_members", { conversationId, userIds: ["robot"] });
    const robot = await b.connect("robot", { roles: ["agent"] });
    const elsewhere = await a.connect("robot", { roles: ["agent"] });
    await robot.ok("chat_response_delta", { conversationId, responseId: "r-1", delta: "thinking" });

    await ada.ok("chat_response.cancel", { conversationId, responseId: "r-1" });

    for (const { inbox } of [robot, elsewhere]) {
      expect(await inbox.one("cancel")).toMatchObject({ messageId: "r-1" });
    }
  });

  it("CLUSTER-8 typing, read receipts, notifications and announcements reach the other instances once", async () => {
    const { a, b, ada, bob } = await apart();
    const admin = await a.connect("root", { namespace: "/admin", roles: ["admin"] });
    const script = await b.connectWebSocket("bob");
    const { position } = await say(ada, "hello");

    await ada.ok("typing_indicator", { conversationId, isTyping: true });
    await ada.ok("mark_read", { room, position });
    const notified = await a.request("POST", "/api/users/bob/notifications", {
      as: "backend",
      roles: ["service"],
      body: { title: "Lunch", level: "info" },
    });
    await admin.ok("admin.announce", { message: "Tonight", level: "warning" });

    const typing = await bob.one(EventType.TypingIndicator);
    const receipt = await bob.one(EventType.ReadReceipt);
    const notification = await bob.one(EventType.Notification);
    const announcement = await bob.one(EventType.Announcement);
    await script.inbox.one(EventType.Notification);
    await script.inbox.one(EventType.Announcement);
    // What would come twice would come before this.
    await ada.ok("typing_indicator", { conversationId, isTyping: false });
    await bob.one(EventType.TypingIndicator);
    expect(notified.status).toBeLessThan(300);
    expect(typing.data).toEqual({ userId: "ada", isTyping: true });
    expect(receipt.data).toEqual({ userId: "ada", position });
    expect(notification.data).toMatchObject({ title: "Lunch" });
    expect(announcement.data).toEqual({ message: "Tonight", level: "warning" });
    expect(script.inbox.of(EventType.Notification)).toHaveLength(1);
    for (const type of [EventType.ReadReceipt, EventType.Notification, EventType.Announcement]) {
      expect(bob.seen(type)).toHaveLength(1);
    }
  });

  it("CLUSTER-9 the status counts the connections of all instances, and drops an instance that has stopped", async () => {
    const { shared, a, b } = await apart();
    const [c] = await startInstances(shared, ["C"]);
    await c.connect("cy");

    // Each knows of its own at once, and of the others what they have reported.
    const counted = (server: TestServer, connections: number, instances: number) =>
      eventually(async () => {
        const status = await countsOf(server);
        return status.connections === connections && status.instances === instances;
      }, `${connections} connections at ${instances} instances`);
    for (const server of [a, b, c]) await counted(server, 3, 3);
    const counts = await Promise.all([a, b, c].map(countsOf));
    await c.server.close();
    for (const server of [a, b]) await counted(server, 2, 2);

    for (const status of counts) expect(status).toMatchObject({ connections: 3, rooms: { chat: 3 }, instances: 3 });
  });

  it("CLUSTER-10 a response whose producer reconnects to another instance continues its numbering, and loses no delta", async () => {
    const { a, b, ada, bob } = await apart();
    await ada.ok("conversation.add_members", { conversationId, userIds: ["robot"] });
    const pieces = Array.from({ length: 60 }, (_, i) => `${i} `);

    for (const [turn, server] of [a, b, a, b].entries()) {
      const robot = await server.connect("robot", { roles: ["agent"] });
      for (const delta of pieces.slice(turn * 15, turn * 15 + 15)) {
        await robot.ok("chat_response_delta", { conversationId, responseId: "r-1", delta });
      }
      robot.close();
    }
    const robot = await a.connect("robot", { roles: ["agent"] });
    const message = pieces.join("");
    await robot.ok("chat_response", { conversationId, responseId: "r-1", message, status: "complete" });

    for (const client of [ada, bob]) {
      await client.one(EventType.ChatResponse);
      const deltas = client.seen(EventType.ChatResponseDelta);
      expect(deltas.map(({ data }) => data.delta).join("")).toBe(message);
      expect(deltas.map(({ data }) => data.index)).toEqual(deltas.map((_, index) => index));
    }
  });
});
