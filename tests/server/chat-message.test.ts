import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { startServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import { offsets, texts } from "../support/test-client.ts";

const room = "conversation:42";

describe.each(stores)("chat_message (%s)", (store) => {
  it("CHAT-1 a message reaches every member, including the sender, in one order", async () => {
    const server = await startServer({ store });
    const [ada, bob] = await server.conversation("42", "ada", "bob");
    if (!ada || !bob) throw new Error("no clients");
    const send = (client: typeof ada, message: string) => client.ok("chat_message", { conversationId: "42", message });

    await Promise.all([send(ada, "a"), send(bob, "b"), send(ada, "c")]);

    const seenByAda = await ada.next(EventType.ChatMessage, 3);
    const seenByBob = await bob.next(EventType.ChatMessage, 3);
    expect(seenByBob).toEqual(seenByAda);
    expect(offsets(seenByAda)).toEqual([1, 2, 3]);
    expect(texts(seenByAda).filter((text) => text !== "b")).toEqual(["a", "c"]);
  });

  it("CHAT-2 a message is in the log at the position of its reply, and is delivered with the same id and time", async () => {
    const server = await startServer({ store });
    const [ada, bob] = await server.conversation("42", "ada", "bob");
    if (!ada || !bob) throw new Error("no clients");

    const messages = Array.from({ length: 20 }, (_, index) => `message ${index}`);
    const replies = await Promise.all(
      messages.map((message, index) =>
        (index % 2 ? ada : bob).ok("chat_message", { conversationId: "42", message, id: `m-${index}` }),
      ),
    );

    const { events } = await ada.ok("history", { room, limit: 100 });
    const logged = new Map(events.map((event) => [event.position.offset, event]));
    for (const [index, { id, position, timestamp, duplicate }] of replies.entries()) {
      expect({ id, duplicate }).toEqual({ id: `m-${index}`, duplicate: false });
      const event = logged.get(position.offset);
      expect(event).toMatchObject({ id, position, timestamp, data: { message: messages[index] } });
    }
    expect(await bob.next(EventType.ChatMessage, 20)).toEqual(events);
  });

  it("CHAT-2 a message without an id gets one", async () => {
    const server = await startServer({ store });
    const [ada] = await server.conversation("42", "ada");

    const first = await ada?.ok("chat_message", { conversationId: "42", message: "hello" });
    const second = await ada?.ok("chat_message", { conversationId: "42", message: "hello" });

    expect(second?.id).not.toBe(first?.id);
    expect((await ada?.next(EventType.ChatMessage, 2))?.map(({ id }) => id)).toEqual([first?.id, second?.id]);
  });

  it("CHAT-3 a message that is sent again with the same id is published once, with the same reply", async () => {
    const server = await startServer({ store });
    const [ada, bob] = await server.conversation("42", "ada", "bob");

    const first = await ada?.ok("chat_message", { conversationId: "42", message: "hello", id: "m-1" });
    const again = await ada?.ok("chat_message", { conversationId: "42", message: "hello, again", id: "m-1" });
    await ada?.ok("chat_message", { conversationId: "42", message: "marker" });

    expect(again).toEqual({ ...first, duplicate: true });
    expect(texts((await bob?.next(EventType.ChatMessage, 2)) ?? [])).toEqual(["hello", "marker"]);
  });

  it("CHAT-3 a message that is sent by two connections and doors at once is published once", async () => {
    const server = await startServer({ store });
    const [ada, phone] = await server.conversation("42", "ada", "ada");
    const script = await server.connectWebSocket("ada");
    if (!ada || !phone) throw new Error("no clients");
    const payload = { conversationId: "42", message: "hello", id: "m-1" };

    const replies = [
      ...(await Promise.all([
        ada.ok("chat_message", payload),
        phone.ok("chat_message", payload),
        script.ok<{ position: unknown; duplicate: boolean }>("chat_message", payload),
      ])),
      (
        await server.request("POST", "/api/conversations/42/messages", {
          as: "ada",
          body: { message: "hello", id: "m-1" },
        })
      ).body,
    ];
    await ada.ok("chat_message", { conversationId: "42", message: "marker" });

    expect(replies.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(new Set(replies.map(({ position }) => JSON.stringify(position))).size).toBe(1);
    expect(texts(await phone.next(EventType.ChatMessage, 2))).toEqual(["hello", "marker"]);
  });

  it("CHAT-3 a message with an id that another user has used is another message", async () => {
    const server = await startServer({ store });
    const [ada, bob] = await server.conversation("42", "ada", "bob");

    const adas = await ada?.ok("chat_message", { conversationId: "42", message: "mine", id: "m-1" });
    const bobs = await bob?.ok("chat_message", { conversationId: "42", message: "mine too", id: "m-1" });

    expect([adas?.duplicate, bobs?.duplicate]).toEqual([false, false]);
    expect(texts((await ada?.next(EventType.ChatMessage, 2)) ?? [])).toEqual(["mine", "mine too"]);
  });

  it("CHAT-3 an id can be used again after ten minutes", async () => {
    const clock = new ManualClock();
    const server = await startServer({ store, overrides: { clock } });
    const backend = { as: "backend", roles: ["service"] as const };
    await server.request("POST", "/api/conversations", { ...backend, body: { id: "42", members: ["ada"] } });
    const send = async () => {
      const body = { message: "hello", id: "m-1" };
      const reply = await server.request("POST", "/api/conversations/42/messages", { ...backend, body });
      return reply.body.duplicate;
    };

    const first = await send();
    clock.advance(599_000);
    const inTime = await send();
    clock.advance(2_000);
    const later = await send();

    expect([first, inTime, later]).toEqual([false, true, false]);
  });

  it("CHAT-4 a message arrives as it was sent: text, reply, attachments and metadata", async () => {
    const server = await startServer({ store });
    const [ada, bob] = await server.conversation("42", "ada", "bob");
    const script = await server.connectWebSocket("bob", { query: "&conversation_id=42" });
    await script.inbox.one("reply");
    const data = {
      message: '  Grüße, 世界 👩‍👩‍👧\n\t<b>"not" bold</b> \\ \u2028 %s $x {y} \u0000 end  ',
      replyTo: "m-0",
      attachments: [
        { url: "https://example.com/a%20b.png?x=1#y", mediaType: "image/png", name: "a b.png", altText: "A tea pot" },
        { url: "http://example.com/plain", mediaType: "text/plain" },
      ],
      metadata: { nested: { list: [1, 2.5, null, "x", { deep: true }] }, empty: {}, "": "no name", constructor: 1 },
    };

    await ada?.ok("chat_message", { conversationId: "42", id: "m-1", ...data });

    const event = await bob?.one(EventType.ChatMessage);
    expect(event).toMatchObject({
      id: "m-1",
      type: "chat_message",
      room,
      sender: { userId: "ada", name: "Ada", agentId: null },
      correlationId: null,
    });
    expect(event?.data).toEqual(data);
    expect(await script.inbox.one(EventType.ChatMessage)).toMatchObject({ id: "m-1", topic: room, data });
    const history = await ada?.ok("history", { room });
    expect(history?.events).toEqual([event]);
  });

  it("CHAT-4 a message has no fields that were not sent", async () => {
    const server = await startServer({ store });
    const [ada] = await server.conversation("42", "ada");

    await ada?.ok("chat_message", { conversationId: "42", message: "hello" });

    expect((await ada?.one(EventType.ChatMessage))?.data).toEqual({ message: "hello" });
  });

  it("CHAT-5 typing reaches the connections in the conversation, and is not stored", async () => {
    const server = await startServer({ store });
    const [ada, bob, gone] = await server.conversation("42", "ada", "bob", "carol");
    const script = await server.connectWebSocket("bob", { query: "&conversation_id=42" });
    await script.inbox.one("reply");
    await gone?.ok("leave_room", { room });

    await ada?.ok("typing_indicator", { conversationId: "42", isTyping: true });
    await ada?.ok("typing_indicator", { conversationId: "42", isTyping: false });
    const late = await server.connect("carol");
    const joined = await late.ok("join_room", { room });
    await ada?.ok("chat_message", { conversationId: "42", message: "marker" });

    const typed = [
      { userId: "ada", isTyping: true },
      { userId: "ada", isTyping: false },
    ];
    const seen = await bob?.next(EventType.TypingIndicator, 2);
    expect(seen?.map(({ data }) => data)).toEqual(typed);
    expect(seen?.every((event) => !("position" in event))).toBe(true);
    const frames = await script.inbox.next<{ data: unknown }>(EventType.TypingIndicator, 2);
    expect(frames.map(({ data }) => data)).toEqual(typed);
    expect(joined).toMatchObject({ events: [], position: { offset: 0 } });
    await late.one(EventType.ChatMessage);
    expect(late.seen(EventType.TypingIndicator)).toEqual([]);
    // A reply comes after whatever was on its way.
    await gone?.ok("conversation.list", {});
    expect(gone?.seen(EventType.TypingIndicator)).toEqual([]);
  });
});
