import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { startServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";

const each = 100;

describe.each(stores)("order (%s)", (store) => {
  it("ROOM-5 all members see one order at every door, whoever writes", async () => {
    const server = await startServer({
      store,
      env: { LIMIT_COMMANDS_PER_SECOND: "100000", LIMIT_COMMANDS_BURST: "100000" },
    });
    const [ada, bob] = await server.conversation("42", "ada", "bob", "cleo", "dan");
    const cleo = await server.connectWebSocket("cleo", { query: "&conversation_id=42" });
    const dan = await server.connectWebSocket("dan", { query: "&conversation_id=42" });
    await cleo.inbox.one("reply");
    await dan.inbox.one("reply");
    const writers = [ada, bob, cleo, dan];

    const send = (writer: number, i: number) =>
      writers[writer]?.command("chat_message", { conversationId: "42", message: `${writer}-${i}` });
    await Promise.all(writers.flatMap((_, writer) => Array.from({ length: each }, (_, i) => send(writer, i))));

    const total = each * writers.length;
    type Seen = { id: string; data: { message: string }; position: { offset: number } };
    const seen = await Promise.all(writers.map(({ inbox }) => inbox.next<Seen>(EventType.ChatMessage, total)));
    const orders = seen.map((events) => events.map(({ id, position }) => `${position.offset} ${id}`));
    for (const order of orders) expect(order).toEqual(orders[0]);
    expect(seen[0]?.map(({ position }) => position.offset)).toEqual(Array.from({ length: total }, (_, i) => i + 1));
    writers.forEach((_, writer) => {
      const own = seen[0]?.map(({ data }) => data.message).filter((message) => message.startsWith(`${writer}-`));
      expect(own).toEqual(Array.from({ length: each }, (_, i) => `${writer}-${i}`));
    });
  });
});
