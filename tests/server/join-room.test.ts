import { describe, expect, it } from "@jest/globals";
import type { CommandData } from "../../shared/commands/catalogue.ts";
import { EventType } from "../../shared/event-type.ts";
import type { Position } from "../../shared/position.ts";
import { startServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import { offsets, type TestClient, texts } from "../support/test-client.ts";

const room = "conversation:42";

async function send(client: TestClient, ...messages: string[]): Promise<void> {
  for (const message of messages) await client.ok("chat_message", { conversationId: "42", message });
}

type JoinReply = CommandData<"/chat", "join_room">;

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => String(from + i));

describe.each(stores)("join_room (%s)", (store) => {
  it("ROOM-1 without a position it returns the latest events and goes live", async () => {
    const server = await startServer({ store });
    const [ada] = await server.conversation("42", "ada", "bob");
    await send(ada, "1", "2", "3");
    const bob = await server.connect("bob");

    const joined = await bob.ok("join_room", { room, limit: 2 });
    await send(ada, "4");

    expect(joined).toMatchObject({ room, joined: true, hasMore: false, position: { offset: 3 } });
    expect(joined).not.toHaveProperty("recovered");
    expect(texts(joined.events)).toEqual(["2", "3"]);
    expect((await bob.one(EventType.ChatMessage)).position?.offset).toBe(4);
  });

  it("ROOM-2 with a position it returns everything after it once, page by page, while others publish", async () => {
    const server = await startServer({
      store,
      env: { LIMIT_COMMANDS_PER_SECOND: "100000", LIMIT_COMMANDS_BURST: "100000" },
    });
    const [ada, bob] = await server.conversation("42", "ada", "bob");
    await send(ada, "1");
    const left = await bob.one(EventType.ChatMessage);
    bob.socket.disconnect();
    await send(ada, ...numbers(2, 501));
    const back = await server.connect("bob");

    const writing = send(ada, ...numbers(502, 600));
    const events = [];
    let after = left.position as Position;
    for (let joined = false; !joined; ) {
      const page = await back.ok("join_room", { room, after, limit: 100 });
      expect(page.recovered).toBe(true);
      expect(page.hasMore).toBe(!page.joined);
      expect(page.events.length).toBeLessThanOrEqual(100);
      events.push(...page.events);
      ({ joined, position: after } = page);
    }
    await writing;
    const live = await back.next(EventType.ChatMessage, 600 - 1 - events.length);

    expect(texts([...events, ...live])).toEqual(numbers(2, 600));
    expect(offsets([...events, ...live])).toEqual(numbers(2, 600).map(Number));
  });

  it("ROOM-3 with a position whose history is gone it returns the latest events and the reason", async () => {
    const server = await startServer({ store, env: { LOG_MAX_EVENTS: "5" } });
    const [ada, bob] = await server.conversation("42", "ada", "bob");
    await send(ada, ...numbers(1, 8));
    const { position } = await bob.ok("join_room", { room });
    const join = (after: Position) => bob.ok("join_room", { room, after, limit: 2 });

    const trimmed = await join({ ...position, offset: 2 });
    const ahead = await join({ ...position, offset: 9 });
    const otherEpoch = await join({ epoch: "Of-another.log", offset: 3 });
    const intact = await join({ ...position, offset: 3 });

    for (const lost of [trimmed, ahead, otherEpoch]) {
      expect(lost).toMatchObject({ recovered: false, joined: true, position: { offset: 8 } });
      expect(texts(lost.events)).toEqual(["7", "8"]);
    }
    expect([trimmed, ahead, otherEpoch].map(({ lostReason }) => lostReason)).toEqual([
      "trimmed",
      "ahead_of_log",
      "epoch_changed",
    ]);
    expect(intact).toMatchObject({ recovered: true, joined: false });
    expect(texts(intact.events)).toEqual(["4", "5"]);
  });

  it("ROOM-4 the reply is on the wire before the first live event", async () => {
    const server = await startServer({
      store,
      env: { LIMIT_COMMANDS_PER_SECOND: "100000", LIMIT_COMMANDS_BURST: "100000" },
    });
    const [ada] = await server.conversation("42", "ada", "bob");
    const bob = await server.connect("bob");
    const heard: (number | undefined)[] = [];
    bob.socket.on(EventType.ChatMessage, ({ position }: { position: Position }) => heard.push(position.offset));

    for (let round = 0; round < 50; round++) {
      heard.length = 0;
      const position = new Promise<number>((resolve) => {
        bob.socket.emit("join_room", { room, limit: 1 }, (reply: { data: { position: Position } }) => {
          // Nothing of the room came before the reply, and what comes next is the event right after it.
          expect(heard).toEqual([]);
          resolve(reply.data.position.offset);
        });
      });
      await Promise.all([send(ada, "a", "b", "c"), position]);
      await send(ada, "last");
      const { offset } = (await ada.ok("join_room", { room })).position;
      await bob.inbox.until(() => heard.at(-1) === offset, `offset ${offset}`);
      expect(heard).toEqual(numbers((await position) + 1, offset).map(Number));
      await bob.ok("leave_room", { room });
    }
  });

  it("ROOM-6 joining again from a position neither duplicates nor loses events published meanwhile", async () => {
    const server = await startServer({
      store,
      env: { LIMIT_COMMANDS_PER_SECOND: "100000", LIMIT_COMMANDS_BURST: "100000" },
    });
    const [ada, bob] = await server.conversation("42", "ada", "bob");
    let expected = 1;
    const rejoin = (after: Position) =>
      new Promise<Position>((resolve) => {
        bob.socket.emit("join_room", { room, after, limit: 1000 }, ({ data }: { data: JoinReply }) => {
          expect(data.joined).toBe(true);
          expect(offsets(data.events)).toEqual(numbers(after.offset + 1, data.position.offset).map(Number));
          expected = data.position.offset + 1;
          resolve(data.position);
        });
      });
    bob.socket.on(EventType.ChatMessage, ({ position }: { position: Position }) => {
      expect(position.offset).toBe(expected++);
    });

    const writing = send(ada, ...numbers(1, 400));
    let after = (await ada.ok("join_room", { room })).position;
    for (let round = 0; round < 50; round++) after = await rejoin({ ...after, offset: Math.max(0, after.offset - 2) });
    await writing;
    await send(ada, "last");

    await bob.inbox.until(() => offsets(bob.seen(EventType.ChatMessage)).at(-1) === 401, "the last event");
    expect(expected).toBe(402);
  });

  it("ROOM-7 after leaving, no event of the room arrives", async () => {
    const server = await startServer({ store });
    const [ada, bob] = await server.conversation("42", "ada", "bob");

    await bob.ok("leave_room", { room });
    await send(ada, "unheard");
    await server.request("POST", "/api/users/bob/notifications", {
      roles: ["service"],
      body: { title: "marker", level: "info" },
    });
    await bob.one(EventType.Notification);

    expect(bob.seen(EventType.ChatMessage)).toEqual([]);
  });

  it("ROOM-9 a user's room is only for that user, and rooms of /monitoring are not served here", async () => {
    const server = await startServer({ store });
    const ada = await server.connect("ada");

    const own = await ada.ok("join_room", { room: "user:ada" });
    const others = await ada.refused("join_room", { room: "user:bob" });
    const topic = await ada.refused("join_room", { room: "task:1" });

    expect(own.joined).toBe(true);
    expect(others.code).toBe("forbidden");
    expect(topic.code).toBe("forbidden");
  });

  it("ROOM-10 the number of rooms per connection is limited", async () => {
    const server = await startServer({ store, env: { LIMIT_ROOMS_PER_CONNECTION: "3" } });
    const ada = await server.connect("ada");
    await ada.ok("conversation.create", { id: "1" });
    await ada.ok("conversation.create", { id: "2" });

    await ada.ok("join_room", { room: "conversation:1" });
    const tooMany = await ada.refused("join_room", { room: "conversation:2" });
    const again = await ada.ok("join_room", { room: "conversation:1" });
    await ada.ok("leave_room", { room: "broadcast" });
    const afterLeaving = await ada.ok("join_room", { room: "conversation:2" });

    expect(tooMany.code).toBe("limit_exceeded");
    expect(again.joined).toBe(true);
    expect(afterLeaving.joined).toBe(true);
  });

  it("ROOM-11 the member list with the events after it is correct at every moment", async () => {
    const server = await startServer({ store });
    const subs = Array.from({ length: 12 }, (_, i) => `user${i}`);
    const clients = await Promise.all(subs.map((sub) => server.connect(sub)));
    await clients[0]?.ok("conversation.create", { id: "42", members: subs });
    const rosters = clients.map((client) => {
      const here = new Set<string>();
      client.socket.on(EventType.UserJoined, ({ data }) => here.add(data.userId));
      client.socket.on(EventType.UserLeft, ({ data }) => here.delete(data.userId));
      return here;
    });

    const replies = await Promise.all(
      clients.map(async (client, i) => {
        const reply = await client.ok("join_room", { room });
        for (const { userId } of reply.members) rosters[i]?.add(userId);
        return reply;
      }),
    );
    await clients[0]?.ok("typing_indicator", { conversationId: "42", isTyping: true });
    for (const client of clients) await client.one(EventType.TypingIndicator);

    for (const roster of rosters) expect([...roster].sort()).toEqual([...subs].sort());
    for (const { members, memberCount } of replies) expect(members.length).toBe(memberCount);
  });
});
