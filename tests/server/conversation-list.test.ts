import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { startServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import type { TestClient } from "../support/test-client.ts";

describe.each(stores)("conversation.list (%s)", (store) => {
  /** Two people, and time that moves on with everything they do, so that no two activities are at the same moment. */
  async function start() {
    const clock = new ManualClock();
    const server = await startServer({ store, overrides: { clock } });
    const ada = await server.connect("ada");
    const bob = await server.connect("bob");
    const create = async (...ids: string[]) => {
      for (const id of ids) {
        clock.advance(10);
        await ada.ok("conversation.create", { id, members: ["bob"] });
      }
    };
    const say = async (client: TestClient, conversationId: string, message: string) => {
      clock.advance(10);
      return client.ok("chat_message", { conversationId, message });
    };
    return { server, ada, bob, create, say };
  }

  const ids = ({ conversations }: { conversations: { id: string }[] }) => conversations.map(({ id }) => id);

  it("CONV-7 the conversation with the latest activity is first, and a message moves its conversation to the top", async () => {
    const { ada, bob, create, say } = await start();
    await create("a", "b", "c");

    const created = await bob.ok("conversation.list", {});
    await say(ada, "a", "hello");
    await say(bob, "b", "hello");
    const spokenIn = await bob.ok("conversation.list", {});

    expect(ids(created)).toEqual(["c", "b", "a"]);
    expect(ids(spokenIn)).toEqual(["b", "a", "c"]);
  });

  it("CONV-7 each item has the last event, and the number of messages of others after the read position", async () => {
    const { ada, bob, create, say } = await start();
    await create("a", "quiet");
    await say(ada, "a", "one");
    const read = await say(ada, "a", "two");
    await say(ada, "a", "three");
    await say(bob, "a", "my own");
    await say(ada, "a", "five");
    const before = await bob.ok("conversation.list", {});

    await bob.ok("mark_read", { room: "conversation:a", position: read.position });
    const after = await bob.ok("conversation.list", {});

    const [spoken, quiet] = before.conversations;
    expect(spoken).toMatchObject({ id: "a", unread: 4, lastEvent: { data: { message: "five" } } });
    expect(spoken).not.toHaveProperty("readPosition");
    expect(quiet).toMatchObject({ id: "quiet", unread: 0 });
    expect(quiet).not.toHaveProperty("lastEvent");
    expect(after.conversations[0]).toMatchObject({ id: "a", unread: 2, readPosition: read.position });
  });

  it("CONV-7 each member has a read position and an unread count of their own", async () => {
    const { ada, bob, create, say } = await start();
    await create("a");
    const said = await say(ada, "a", "one");
    await bob.ok("mark_read", { room: "conversation:a", position: said.position });

    const [adas, bobs] = await Promise.all([ada.ok("conversation.list", {}), bob.ok("conversation.list", {})]);

    expect(adas.conversations[0]).toMatchObject({ unread: 0 });
    expect(adas.conversations[0]).not.toHaveProperty("readPosition");
    expect(bobs.conversations[0]).toMatchObject({ unread: 0, readPosition: said.position });
  });

  it("CONV-7 the pages together contain each conversation once", async () => {
    const { ada, create } = await start();
    await create("a", "b", "c", "d", "e");

    const pages: string[][] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await ada.ok("conversation.list", { limit: 2, ...(cursor ? { cursor } : {}) });
      pages.push(ids(page));
      cursor = page.nextCursor;
    }

    expect(pages).toEqual([["e", "d"], ["c", "b"], ["a"]]);
  });

  it("CONV-7 a page that is exactly full has no next page", async () => {
    const { ada, create } = await start();
    await create("a", "b");

    const page = await ada.ok("conversation.list", { limit: 2 });

    expect(page.nextCursor).toBeNull();
  });

  it("CONV-7 a conversation without activity is not skipped when others move to the top between two pages", async () => {
    const { ada, create, say } = await start();
    await create("a", "b", "c", "d");
    const first = await ada.ok("conversation.list", { limit: 2 });

    await say(ada, "a", "up I go");
    const second = await ada.ok("conversation.list", { limit: 2, cursor: first.nextCursor ?? "" });

    expect(ids(first)).toEqual(["d", "c"]);
    expect(ids(second)).toEqual(["b"]);
  });

  it("CONV-7 only conversations of which the user is a member now are listed", async () => {
    const { server, ada, bob, create } = await start();
    await create("a");
    await ada.ok("conversation.create", { id: "public", public: true });
    await bob.ok("join_room", { room: "conversation:public" });
    const stranger = await server.connect("stranger");

    const member = await bob.ok("conversation.list", {});
    await ada.ok("conversation.remove_member", { conversationId: "a", userId: "bob" });
    const removed = await bob.ok("conversation.list", {});

    expect(ids(member)).toEqual(["a"]);
    expect(ids(removed)).toEqual([]);
    expect(ids(await stranger.ok("conversation.list", {}))).toEqual([]);
  });

  it("CONV-7 a changed title and changed members are shown", async () => {
    const { ada, bob, create } = await start();
    await create("a");

    await ada.ok("conversation.rename", { conversationId: "a", title: "Tea" });
    await ada.ok("conversation.add_members", { conversationId: "a", userIds: ["carol"] });
    const { conversations } = await bob.ok("conversation.list", {});

    expect(conversations[0]).toMatchObject({ title: "Tea", members: ["ada", "bob", "carol"] });
  });

  it("CONV-7 a response counts as one unread message, however many deltas it had, and typing as none", async () => {
    const { server, ada, bob, create } = await start();
    await create("a");
    const bridge = await server.connect("bridge", { roles: ["service"] });
    await bridge.ok("chat_response_delta", { conversationId: "a", responseId: "r-1", delta: "he" });
    await bridge.ok("chat_response_delta", { conversationId: "a", responseId: "r-1", delta: "llo" });
    await bridge.ok("chat_response", { conversationId: "a", responseId: "r-1", message: "hello", status: "complete" });
    await ada.ok("typing_indicator", { conversationId: "a", isTyping: true });

    const { conversations } = await bob.ok("conversation.list", {});

    expect(conversations[0]).toMatchObject({ unread: 1, lastEvent: { type: EventType.ChatResponse } });
  });

  it("CONV-7 an invalid cursor is refused", async () => {
    const { ada } = await start();

    const refused = await ada.refused("conversation.list", { cursor: "made up" });

    expect(refused.code).toBe("invalid_payload");
  });
});
