import { describe, expect, it } from "@jest/globals";
import { systemClock } from "../../server/runtime/clock.ts";
import { EventType } from "../../shared/event-type.ts";
import { startServer } from "../support/server.ts";
import { slowDocuments } from "../support/slow-documents.ts";
import { stores } from "../support/stores.ts";
import { texts } from "../support/test-client.ts";

const write = { conversationId: "42", message: "hello" };

/** Every command that names a conversation, as somebody would send it who guesses at its id. */
const commandsAbout = (id: string): [command: string, payload: Record<string, unknown>][] => [
  ["join_room", { room: `conversation:${id}` }],
  ["history", { room: `conversation:${id}` }],
  ["mark_read", { room: `conversation:${id}`, position: { epoch: "e", offset: 0 } }],
  ["chat_message", { conversationId: id, message: "hello" }],
  ["typing_indicator", { conversationId: id, isTyping: true }],
  ["chat_response.cancel", { conversationId: id, responseId: "r-1" }],
  ["conversation.add_members", { conversationId: id, userIds: ["eve"] }],
  ["conversation.remove_member", { conversationId: id, userId: "ada" }],
  ["conversation.rename", { conversationId: id, title: "Mine" }],
];

describe.each(stores)("conversations (%s)", (store) => {
  it("CONV-1 the creator and the named users are members, each once", async () => {
    const server = await startServer({ store });
    const ada = await server.connect("ada");
    const bob = await server.connect("bob");

    const { conversation } = await ada.ok("conversation.create", {
      id: "42",
      title: "Tea",
      members: ["bob", "bob", "ada"],
    });

    expect(conversation).toMatchObject({ id: "42", title: "Tea", public: false, createdBy: "ada" });
    expect(conversation.members.toSorted()).toEqual(["ada", "bob"]);
    await ada.ok("chat_message", write);
    await bob.ok("chat_message", write);
  });

  it("CONV-1 a conversation without an id gets one", async () => {
    const server = await startServer({ store });
    const ada = await server.connect("ada");

    const first = await ada.ok("conversation.create", {});
    const second = await ada.ok("conversation.create", {});

    expect(first.conversation.id).not.toBe(second.conversation.id);
    await ada.ok("join_room", { room: `conversation:${second.conversation.id}` });
  });

  it("CONV-1 an id is used for one conversation, even by concurrent requests of several users", async () => {
    const server = await startServer({ store });
    const ada = await server.connect("ada");
    const bob = await server.connect("bob");

    const replies = await Promise.all([
      ada.command("conversation.create", { id: "42" }),
      bob.command("conversation.create", { id: "42" }),
    ]);
    const again = await ada.refused("conversation.create", { id: "42" });

    expect(replies.filter(({ ok }) => ok)).toHaveLength(1);
    expect(replies.flatMap((reply) => (reply.ok ? [] : [reply.error.code]))).toEqual(["conflict"]);
    expect(again.code).toBe("conflict");
  });

  it("CONV-1 a backend that creates a conversation for others is not a member", async () => {
    const server = await startServer({ store });
    const backend = await server.connect("backend", { roles: ["service"] });

    const { conversation } = await backend.ok("conversation.create", { id: "42", members: ["ada"] });

    expect(conversation).toMatchObject({ members: ["ada"], createdBy: "backend" });
  });

  it("CONV-2 to users who are not members it does not exist: every command says so", async () => {
    const server = await startServer({ store });
    const [ada] = await server.conversation("42", "ada");
    const eve = await server.connect("eve");
    const roleless = await server.connect("bridge", { roles: ["agent"] });

    for (const client of [eve, roleless]) {
      for (const [index, [command, payload]] of commandsAbout("42").entries()) {
        const refused = await client.refused(command, payload);
        const [, aboutNothing] = commandsAbout("43")[index] ?? [];
        const asIfNone = await client.refused(command, aboutNothing);

        expect([command, refused.code]).toEqual([command, "not_found"]);
        expect(refused).toEqual({ ...asIfNone, message: asIfNone.message.replace("43", "42") });
      }
    }
    await ada?.ok("chat_message", { conversationId: "42", message: "marker" });
    await ada?.one(EventType.ChatMessage);
    expect(ada?.seen(EventType.ChatMessage)).toHaveLength(1);
    expect(ada?.seen(EventType.TypingIndicator)).toEqual([]);
  });

  it.each(["admin", "service"] as const)("CONV-2 the role %s may enter any conversation", async (role) => {
    const server = await startServer({ store });
    const [ada] = await server.conversation("42", "ada");
    const other = await server.connect("other", { roles: [role] });

    await other.ok("join_room", { room: "conversation:42" });
    await other.ok("chat_message", write);
    await other.ok("conversation.rename", { conversationId: "42", title: "Seen" });
    const { events } = await other.ok("history", { room: "conversation:42" });

    expect(texts(events)).toEqual(["hello"]);
    expect((await ada?.one(EventType.ChatMessage))?.sender?.userId).toBe("other");
  });

  it("CONV-3 any user may join, read and write a public conversation, and no other role", async () => {
    const server = await startServer({ store });
    const ada = await server.connect("ada");
    const eve = await server.connect("eve");
    const bridge = await server.connect("bridge", { roles: ["agent"] });
    await ada.ok("conversation.create", { id: "42", public: true });

    await eve.ok("join_room", { room: "conversation:42" });
    await eve.ok("chat_message", write);
    const refused = await bridge.refused("join_room", { room: "conversation:42" });

    expect(texts([await eve.one(EventType.ChatMessage)])).toEqual(["hello"]);
    expect(refused.code).toBe("not_found");
  });

  it("CONV-3 only members may change a public conversation", async () => {
    const server = await startServer({ store });
    const ada = await server.connect("ada");
    const eve = await server.connect("eve");
    await ada.ok("conversation.create", { id: "42", title: "Tea", members: ["bob"], public: true });

    const refused = [
      await eve.refused("conversation.add_members", { conversationId: "42", userIds: ["eve"] }),
      await eve.refused("conversation.remove_member", { conversationId: "42", userId: "ada" }),
      await eve.refused("conversation.rename", { conversationId: "42", title: "Mine" }),
    ];

    expect(refused.map(({ code }) => code)).toEqual(["forbidden", "forbidden", "forbidden"]);
    const { conversations } = await ada.ok("conversation.list", {});
    expect(conversations[0]).toMatchObject({ title: "Tea", members: ["ada", "bob"] });
  });

  it("CONV-4 a new member who was refused before may enter at once", async () => {
    const server = await startServer({ store });
    const [ada] = await server.conversation("42", "ada");
    const bob = await server.connect("bob");
    const before = await bob.refused("join_room", { room: "conversation:42" });

    await ada?.ok("conversation.add_members", { conversationId: "42", userIds: ["bob"] });
    await bob.ok("join_room", { room: "conversation:42" });
    await bob.ok("chat_message", write);

    expect(before.code).toBe("not_found");
    expect(texts([await bob.one(EventType.ChatMessage)])).toEqual(["hello"]);
  });

  it("CONV-4 a removed member is notified, leaves on all connections, and cannot return", async () => {
    const server = await startServer({ store });
    const [ada, bob, bobsPhone] = await server.conversation("42", "ada", "bob", "bob");
    const bobsScript = await server.connectWebSocket("bob", { query: "&conversation_id=42" });
    await bobsScript.inbox.one("reply");
    if (!ada || !bob || !bobsPhone) throw new Error("no clients");
    await ada.next(EventType.UserJoined, 2);

    await ada.ok("conversation.remove_member", { conversationId: "42", userId: "bob" });
    await ada.ok("chat_message", { conversationId: "42", message: "among ourselves" });

    const left = { room: "conversation:42", reason: "removed" };
    for (const client of [bob, bobsPhone, bobsScript]) {
      expect(await client.inbox.one("system.room.left")).toEqual(left);
      const errors = [
        await client.command("join_room", { room: "conversation:42" }),
        await client.command("history", { room: "conversation:42" }),
        await client.command("chat_message", write),
      ].map((reply) => (reply.ok ? "ok" : reply.error.code));
      expect(errors).toEqual(["not_found", "not_found", "not_found"]);
      // The refusals came after anything that the room could still have brought.
      expect(client.inbox.of(EventType.ChatMessage)).toEqual([]);
    }
    expect((await ada.one(EventType.UserLeft)).data).toEqual({ userId: "bob", name: "Bob", memberCount: 1 });
  });

  it("CONV-4 a member may leave for good by removing themselves", async () => {
    const server = await startServer({ store });
    const [ada, bob] = await server.conversation("42", "ada", "bob");

    const reply = await bob?.ok("conversation.remove_member", { conversationId: "42", userId: "bob" });
    const refused = await ada?.refused("conversation.remove_member", { conversationId: "42", userId: "bob" });

    expect(reply?.conversation.members).toEqual(["ada"]);
    expect(refused?.code).toBe("not_found");
    await bob?.inbox.one("system.room.left");
  });

  it("CONV-4 a removed member's other conversations are not affected", async () => {
    const server = await startServer({ store });
    const [ada, bob] = await server.conversation("42", "ada", "bob");
    await ada?.ok("conversation.create", { id: "43", members: ["bob"] });
    await bob?.ok("join_room", { room: "conversation:43" });

    await ada?.ok("conversation.remove_member", { conversationId: "42", userId: "bob" });
    await ada?.ok("chat_message", { conversationId: "43", message: "still here" });

    expect(texts([(await bob?.one(EventType.ChatMessage)) ?? { data: {} }])).toEqual(["still here"]);
  });

  it("CONV-5 each member is notified of every change, the removed member of the removal, and nobody else", async () => {
    const server = await startServer({ store });
    const ada = await server.connect("ada");
    const bob = await server.connect("bob");
    const carol = await server.connect("carol");
    const eve = await server.connect("eve");

    await ada.ok("conversation.create", { id: "42", members: ["bob"] });
    await ada.ok("conversation.rename", { conversationId: "42", title: "Tea" });
    await bob.ok("conversation.add_members", { conversationId: "42", userIds: ["carol"] });
    await ada.ok("conversation.remove_member", { conversationId: "42", userId: "bob" });
    await ada.ok("conversation.rename", { conversationId: "42", title: "Coffee" });
    // Markers: the last thing that each of them hears.
    for (const client of [ada, bob, carol, eve]) await client.ok("conversation.create", {});

    const heard = async (client: typeof ada, count: number) =>
      (await client.next(EventType.ConversationUpdated, count)).map(({ data }) => data.change);
    expect(await heard(ada, 6)).toEqual([
      "created",
      "renamed",
      "members_added",
      "member_removed",
      "renamed",
      "created",
    ]);
    expect(await heard(bob, 5)).toEqual(["created", "renamed", "members_added", "member_removed", "created"]);
    expect(await heard(carol, 4)).toEqual(["members_added", "member_removed", "renamed", "created"]);
    expect(await heard(eve, 1)).toEqual(["created"]);
  });

  it("CONV-5 the event says who made the change and its result, and is in the log of the user's room", async () => {
    const server = await startServer({ store });
    const ada = await server.connect("ada");
    const bob = await server.connect("bob");

    const { conversation } = await ada.ok("conversation.create", { id: "42", title: "Tea", members: ["bob"] });
    const event = await bob.one(EventType.ConversationUpdated);
    const { events } = await bob.ok("history", { room: "user:bob" });

    expect(event).toMatchObject({ room: "user:bob", sender: { userId: "ada" }, data: { conversation } });
    expect(events).toEqual([event]);
  });

  it("CONV-6 concurrent changes of members all take effect", async () => {
    const documents = await slowDocuments(store, systemClock);
    const server = await startServer({ store, overrides: { documents } });
    const subs = Array.from({ length: 12 }, (_, index) => `user-${index}`);
    const clients = await Promise.all(subs.map((sub) => server.connect(sub)));
    await clients[0]?.ok("conversation.create", { id: "42", members: [...subs, "goes"] });

    await Promise.all([
      ...clients.map((client, index) =>
        client.ok("conversation.add_members", { conversationId: "42", userIds: [`new-${index}`] }),
      ),
      clients[0]?.ok("conversation.remove_member", { conversationId: "42", userId: "goes" }),
      clients[1]?.ok("conversation.rename", { conversationId: "42", title: "Tea" }),
    ]);

    const page = await clients[0]?.ok("conversation.list", {});
    const added = subs.map((_, index) => `new-${index}`);
    expect(page?.conversations[0]?.members.toSorted()).toEqual([...subs, ...added].toSorted());
    expect(page?.conversations[0]?.title).toBe("Tea");
  });

  it("CONV-8 a grant opens conversations for reading, for writing, or by prefix, and no others", async () => {
    const server = await startServer({ store });
    await server.conversation("team-1", "ada");
    await server.conversation("other", "ada");
    const granted = (sub: string, room: string, ...can: string[]) =>
      server.connect(sub, { claims: { grants: [{ room, can }] } });
    const reader = await granted("reader", "conversation:team-1", "read");
    const writer = await granted("writer", "conversation:team-1", "write");
    const both = await granted("both", "conversation:team-*", "read", "write");
    const attempts = async (client: typeof reader, id: string) =>
      Promise.all(
        [
          client.command("join_room", { room: `conversation:${id}` }),
          client.command("history", { room: `conversation:${id}` }),
          client.command("chat_message", { conversationId: id, message: "hello" }),
          client.command("typing_indicator", { conversationId: id, isTyping: true }),
        ].map(async (reply) => (await reply).ok),
      );

    const outcomes = {
      reader: await attempts(reader, "team-1"),
      writer: await attempts(writer, "team-1"),
      both: await attempts(both, "team-1"),
      readerElsewhere: await attempts(reader, "other"),
      bothElsewhere: await attempts(both, "other"),
      nowhere: await attempts(both, "team-9"),
    };

    expect(outcomes).toEqual({
      reader: [true, true, false, false],
      writer: [false, false, true, true],
      both: [true, true, true, true],
      readerElsewhere: [false, false, false, false],
      bothElsewhere: [false, false, false, false],
      nowhere: [false, false, false, false],
    });
  });

  it("CONV-8 a grant on one room does not open a room whose name begins with it", async () => {
    const server = await startServer({ store });
    await server.conversation("42", "ada");
    await server.conversation("421", "ada");
    const eve = await server.connect("eve", { claims: { grants: [{ room: "conversation:42", can: ["read"] }] } });

    const refused = await eve.refused("join_room", { room: "conversation:421" });

    expect(refused.code).toBe("not_found");
    await eve.ok("join_room", { room: "conversation:42" });
  });

  it("CONV-8 a grant never opens another user's room, and a pattern without a kind opens no conversation", async () => {
    const server = await startServer({ store });
    const ada = await server.connect("ada");
    await ada.ok("conversation.create", { id: "42" });
    const grants = [
      { room: "user:ada", can: ["read"] },
      { room: "user:*", can: ["read"] },
      { room: "*", can: ["read", "write"] },
    ];
    const deputy = await server.connect("deputy", { claims: { grants } });

    const own = await deputy.refused("join_room", { room: "user:ada" });
    const conversation = await deputy.refused("join_room", { room: "conversation:42" });

    expect([own.code, conversation.code]).toEqual(["forbidden", "not_found"]);
  });
});
