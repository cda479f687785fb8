import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import type { Position } from "../../shared/position.ts";
import type { Reply } from "../../shared/reply.ts";
import { startServer } from "../support/server.ts";
import { type StoreName, stores } from "../support/stores.ts";
import { type TestClient, texts } from "../support/test-client.ts";

const room = "conversation:42";

/** Whether the two come from one connection, whose commands have an order, or from two that race. */
const ways = ["one connection", "two connections"] as const;

/** Bob watches what ada does in a conversation of theirs, perhaps with two connections. */
async function start(store: StoreName, way: (typeof ways)[number]) {
  const server = await startServer({ store });
  const ada = await server.connect("ada", { roles: ["user", "agent"] });
  const again = way === "one connection" ? ada : await server.connect("ada", { roles: ["user", "agent"] });
  const bob = await server.connect("bob");
  await ada.ok("conversation.create", { id: "42", members: ["bob"] });
  await bob.ok("join_room", { room });
  const twice = (name: string, payload: unknown): Promise<Reply<unknown>[]> =>
    Promise.all([ada.command(name, payload), again.command(name, payload)]);
  return { server, ada, again, bob, twice };
}

/** What bob sees of the others in the conversation, up to a message that is sent after everything else. */
async function upToMarker(ada: TestClient, bob: TestClient): Promise<string[]> {
  await ada.ok("chat_message", { conversationId: "42", message: "marker" });
  await bob.inbox.until(() => texts(bob.seen(EventType.ChatMessage)).includes("marker"), "the marker");
  return bob.inbox.all
    .map(({ name, data }) => ({ name, event: data as { room?: string; data: { userId?: string; message?: string } } }))
    .filter(({ event }) => event.room === room && event.data.userId !== "bob")
    .map(({ name, event }) => (name === EventType.ChatMessage ? String(event.data.message) : name));
}

const outcomes = (replies: Reply<unknown>[]) => replies.map((reply) => (reply.ok ? "ok" : reply.error.code)).sort();

const dataOf = (replies: Reply<unknown>[]) =>
  replies.map((reply) => (reply.ok ? (reply.data as { duplicate: boolean }) : undefined));

const positions = (replies: Reply<unknown>[]) =>
  replies.map((reply) => (reply.ok ? (reply.data as { position: Position }).position : undefined));

describe.each(stores)("the same command twice at once (%s)", (store) => {
  describe.each(ways)("by %s", (way) => {
    it("BAD-3 conversation.create with one id creates one conversation", async () => {
      const { ada, twice } = await start(store, way);

      const replies = await twice("conversation.create", { id: "new", title: "New" });

      expect(outcomes(replies)).toEqual(["conflict", "ok"]);
      const { conversations } = await ada.ok("conversation.list", {});
      expect(conversations.map(({ id }) => id).sort()).toEqual(["42", "new"]);
    });

    it("BAD-3 chat_message with one id is published once, with one reply", async () => {
      const { ada, bob, twice } = await start(store, way);

      const replies = await twice("chat_message", { conversationId: "42", id: "m-1", message: "hello" });

      const duplicates = dataOf(replies).map((data) => data?.duplicate);
      expect(duplicates.sort()).toEqual([false, true]);
      expect(positions(replies)[0]).toEqual(positions(replies)[1]);
      expect(await upToMarker(ada, bob)).toEqual(["hello", "marker"]);
    });

    it("BAD-3 join_room enters the room once", async () => {
      const { ada, again, bob, twice } = await start(store, way);

      const replies = await twice("join_room", { room });

      expect(outcomes(replies)).toEqual(["ok", "ok"]);
      expect(await upToMarker(ada, bob)).toEqual([EventType.UserJoined, "marker"]);
      for (const client of new Set([ada, again])) {
        await client.one(EventType.ChatMessage);
        await client.ok("typing_indicator", { conversationId: "42", isTyping: true });
        await client.one(EventType.TypingIndicator);
        expect(texts(client.seen(EventType.ChatMessage))).toEqual(["marker"]);
      }
    });

    it("BAD-3 leave_room leaves the room once", async () => {
      const { ada, again, bob, twice } = await start(store, way);
      for (const client of new Set([ada, again])) await client.ok("join_room", { room });

      const replies = await twice("leave_room", { room });

      expect(replies).toEqual([
        { ok: true, data: {} },
        { ok: true, data: {} },
      ]);
      expect(await upToMarker(ada, bob)).toEqual([EventType.UserJoined, EventType.UserLeft, "marker"]);
      // The own room's next event comes after whatever there was to hear of the other.
      await ada.ok("conversation.rename", { conversationId: "42", title: "Renamed" });
      await again.next(EventType.ConversationUpdated, 2);
      expect(again.seen(EventType.ChatMessage)).toEqual([]);
    });

    it("BAD-3 chat_response ends the response once, with one reply", async () => {
      const { ada, bob, twice } = await start(store, way);

      const replies = await twice("chat_response", {
        conversationId: "42",
        responseId: "r-1",
        message: "the answer",
        status: "complete",
      });

      const duplicates = dataOf(replies).map((data) => data?.duplicate);
      expect(duplicates.sort()).toEqual([false, true]);
      expect(positions(replies)[0]).toEqual(positions(replies)[1]);
      expect(await upToMarker(ada, bob)).toEqual([EventType.ChatResponse, "marker"]);
    });

    it("BAD-3 mark_read notifies the conversation once", async () => {
      const { ada, bob, twice } = await start(store, way);
      const { position } = await bob.ok("chat_message", { conversationId: "42", message: "hello" });
      // What is not kept may come before what is: between the two there is no order.
      await bob.one(EventType.ChatMessage);

      const replies = await twice("mark_read", { room, position });

      expect(replies).toEqual([
        { ok: true, data: { unread: 0 } },
        { ok: true, data: { unread: 0 } },
      ]);
      expect(await upToMarker(ada, bob)).toEqual(["hello", EventType.ReadReceipt, "marker"]);
    });

    it("BAD-3 conversation.add_members adds a member once", async () => {
      const { twice } = await start(store, way);

      const replies = await twice("conversation.add_members", { conversationId: "42", userIds: ["cy"] });

      const members = replies.map((reply) => reply.ok && reply.data);
      const expected = { conversation: { members: ["ada", "bob", "cy"] } };
      expect(members).toMatchObject([expected, expected]);
    });

    it("BAD-3 conversation.remove_member removes a member once", async () => {
      const { bob, twice } = await start(store, way);

      const replies = await twice("conversation.remove_member", { conversationId: "42", userId: "bob" });

      expect(outcomes(replies)).toEqual(["not_found", "ok"]);
      await bob.inbox.one("system.room.left");
      const { conversations } = await bob.ok("conversation.list", {});
      expect(conversations).toEqual([]);
      expect(bob.inbox.of("system.room.left")).toHaveLength(1);
      // The own room's next event comes after whatever else there was to tell there.
      await bob.ok("conversation.create", { id: "marker" });
      const told = await bob.next(EventType.ConversationUpdated, 3);
      expect(told.map(({ data }) => data.change)).toEqual(["created", "member_removed", "created"]);
    });
  });
});
