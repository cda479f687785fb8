import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { startServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import { offsets, texts } from "../support/test-client.ts";

describe.each(stores)("chat_message (%s)", (store) => {
  it("CHAT-1 reaches every member, the sender included, in one order", async () => {
    const server = await startServer({ store });
    const [ada, bob] = await server.conversation("42", "ada", "bob");
    const send = (client: typeof ada, message: string) => client.ok("chat_message", { conversationId: "42", message });

    await Promise.all([send(ada, "a"), send(bob, "b"), send(ada, "c")]);

    const seenByAda = await ada.next(EventType.ChatMessage, 3);
    const seenByBob = await bob.next(EventType.ChatMessage, 3);
    expect(seenByBob).toEqual(seenByAda);
    expect(offsets(seenByAda)).toEqual([1, 2, 3]);
    expect(texts(seenByAda).filter((text) => text !== "b")).toEqual(["a", "c"]);
  });
});
