import { describe, expect, it } from "@jest/globals";
import type { Overrides } from "../../server/compose/overrides.ts";
import { systemClock } from "../../server/runtime/clock.ts";
import { EventType } from "../../shared/event-type.ts";
import type { Position } from "../../shared/position.ts";
import { startServer } from "../support/server.ts";
import { slowDocuments } from "../support/slow-documents.ts";
import { stores } from "../support/stores.ts";

const room = "conversation:42";

describe.each(stores)("mark_read (%s)", (store) => {
  /** Ada has said five things; Bob listens. */
  async function start(overrides: Overrides = {}) {
    const server = await startServer({ store, overrides });
    const [ada, bob] = await server.conversation("42", "ada", "bob");
    if (!ada || !bob) throw new Error("no clients");
    const said: Position[] = [];
    for (const message of ["1", "2", "3", "4", "5"]) {
      said.push((await ada.ok("chat_message", { conversationId: "42", message })).position);
    }
    const at = (index: number) => {
      const position = said[index - 1];
      if (!position) throw new Error(`nothing was said at ${index}`);
      return position;
    };
    return { server, ada, bob, at };
  }

  it("ROOM-12 it returns the number of unread messages after the position, and notifies everyone in the conversation", async () => {
    const { ada, bob, at } = await start();

    const reply = await bob.ok("mark_read", { room, position: at(3) });

    expect(reply).toEqual({ unread: 2 });
    const receipt = { room, data: { userId: "bob", position: at(3) } };
    expect(await ada.one(EventType.ReadReceipt)).toMatchObject(receipt);
    expect(await bob.one(EventType.ReadReceipt)).toMatchObject(receipt);
  });

  it("ROOM-12 the read position never moves backwards, and nobody is notified if it does not move", async () => {
    const { ada, bob, at } = await start();
    await bob.ok("mark_read", { room, position: at(3) });

    const back = await bob.ok("mark_read", { room, position: at(1) });
    const same = await bob.ok("mark_read", { room, position: at(3) });
    const on = await bob.ok("mark_read", { room, position: at(5) });

    expect([back.unread, same.unread, on.unread]).toEqual([2, 2, 0]);
    const receipts = await ada.next(EventType.ReadReceipt, 2);
    expect(receipts.map(({ data }) => data.position)).toEqual([at(3), at(5)]);
    const { conversations } = await bob.ok("conversation.list", {});
    expect(conversations[0]?.readPosition).toEqual(at(5));
  });

  it("ROOM-12 if several connections mark at once, the furthest position is kept", async () => {
    const { server, bob, at } = await start({ documents: await slowDocuments(store, systemClock) });
    const others = [await server.connect("bob"), await server.connect("bob"), await server.connectWebSocket("bob")];

    // The furthest comes last, when the others have been looked at and not yet kept.
    const replies = await Promise.all(
      [bob, ...others].map((client, index) => client.command("mark_read", { room, position: at(index + 1) })),
    );

    expect(replies.map(({ ok }) => ok)).toEqual([true, true, true, true]);
    const { conversations } = await bob.ok("conversation.list", {});
    expect(conversations[0]).toMatchObject({ readPosition: at(4), unread: 1 });
  });

  it("ROOM-12 a position that the log does not have is refused, and the read position does not move", async () => {
    const { ada, bob, at } = await start();
    await bob.ok("mark_read", { room, position: at(2) });

    const ahead = await bob.refused("mark_read", { room, position: { ...at(5), offset: at(5).offset + 1 } });
    const elsewhere = await bob.refused("mark_read", { room, position: { epoch: "another", offset: 1 } });
    const reply = await bob.ok("mark_read", { room, position: at(3) });

    expect([ahead.code, elsewhere.code]).toEqual(["conflict", "conflict"]);
    expect(reply).toEqual({ unread: 2 });
    const receipts = await ada.next(EventType.ReadReceipt, 2);
    expect(receipts.map(({ data }) => data.position)).toEqual([at(2), at(3)]);
  });

  it("ROOM-12 offset 0 is a valid position too", async () => {
    const { bob, at } = await start();

    const reply = await bob.ok("mark_read", { room, position: { ...at(1), offset: 0 } });

    expect(reply).toEqual({ unread: 5 });
  });

  it("ROOM-12 a user's own messages do not count as unread", async () => {
    const { ada, bob, at } = await start();
    await bob.ok("chat_message", { conversationId: "42", message: "6" });

    const adas = await ada.ok("mark_read", { room, position: at(1) });
    const bobs = await bob.ok("mark_read", { room, position: at(1) });

    expect([adas.unread, bobs.unread]).toEqual([1, 4]);
  });

  it("ROOM-12 it works without joining the room, and in the user's own room, where nobody else is notified", async () => {
    const { server, ada, bob } = await start();
    const backend = { as: "backend", roles: ["service"] as const };
    const notify = (title: string) =>
      server.request("POST", "/api/users/bob/notifications", { ...backend, body: { title, level: "info" } });
    await notify("first");
    await notify("second");
    const [first] = await bob.next(EventType.Notification, 2);
    if (!first?.position) throw new Error("no notification");
    await bob.ok("leave_room", { room: "user:bob" });

    const { position } = first;
    const reply = await bob.ok("mark_read", { room: "user:bob", position });
    await ada.ok("chat_message", { conversationId: "42", message: "marker" });

    expect(reply).toEqual({ unread: 1 });
    await bob.next(EventType.ChatMessage, 6);
    expect(bob.seen(EventType.ReadReceipt)).toEqual([]);
    expect((await ada.refused("mark_read", { room: "user:bob", position })).code).toBe("forbidden");
  });
});
