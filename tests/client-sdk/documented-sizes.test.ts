import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { limits } from "../../shared/limits.ts";
import { BlockingProxy } from "../support/blocking-proxy.ts";
import { freeForm, long } from "../support/escaped.ts";
import { runPython } from "../support/python-script.ts";
import { startServer } from "../support/server.ts";
import { texts } from "../support/test-client.ts";
import { tokenOf } from "../support/tokens.ts";
import { connectSdk } from "./sdk-client.ts";

const attachment = {
  url: `https://x/${"a".repeat(limits.urlLength - 10)}`,
  mediaType: "x".repeat(127),
  name: long(limits.nameLength),
  altText: long(limits.textLength),
};
const largest = {
  message: long(limits.messageLength),
  attachments: Array(limits.attachments).fill(attachment),
  metadata: freeForm(limits.messageBytesDefault),
};

/** A server, also behind a proxy that lets only plain HTTP through, and ada in a conversation with others. */
async function start() {
  const server = await startServer();
  const [ada] = await server.conversation("42", "ada");
  await ada.ok("conversation.add_members", { conversationId: "42", userIds: ["bob", "bot"] });
  return { server, proxy: await BlockingProxy.start(server.url), ada };
}

describe("documented sizes in the packages", () => {
  it.each(["websocket", "http"])(
    "SIZE-1 the client sends the largest message over %s, and none larger",
    async (transport) => {
      const { server, proxy, ada } = await start();
      const bob = await connectSdk(transport === "http" ? proxy : server, "bob");
      const conversation = bob.chat.conversation("42");

      await conversation.send(largest);
      const { data } = await ada.one(EventType.ChatMessage);
      const refused = [
        conversation.send({ ...largest, message: long(limits.messageLength + 1) }),
        conversation.send({ ...largest, metadata: freeForm(limits.messageBytesDefault + 1) }),
      ];

      expect(data).toEqual(largest);
      const [message, metadata] = await Promise.allSettled(refused);
      expect(message).toMatchObject({
        reason: { code: "invalid_payload", message: expect.stringContaining("message") },
      });
      expect(metadata).toMatchObject({ reason: { code: "too_large", message: expect.stringContaining("metadata") } });
      expect(bob.transport).toBe(transport);
    },
  );

  it("SIZE-1 the client streams and ends the largest response", async () => {
    const { server, ada } = await start();
    const bot = await connectSdk(server, "bot", { roles: ["agent"] });
    const response = bot.chat.conversation("42").respond();

    await response.delta("漢");
    await response.end(long(limits.responseLength));

    expect((await ada.one(EventType.ChatResponse)).data.message === long(limits.responseLength)).toBe(true);
  });

  it("SIZE-2 a message that is larger than any ends the client, which says why and does not send it again", async () => {
    const { server, ada } = await start();
    const bob = await connectSdk(server, "bob");
    const codes: string[] = [];
    bob.on("error", ({ code }) => void codes.push(code));

    const sending = bob.chat.conversation("42").send("x".repeat(2_000_000));

    await expect(sending).rejects.toMatchObject({ outcome: "unknown" });
    expect(codes[0]).toBe("too_large");
    expect(bob.state).toBe("closed");
    await ada.ok("chat_message", { conversationId: "42", message: "marker" });
    expect(texts(await ada.next(EventType.ChatMessage, 1))).toEqual(["marker"]);
  });

  it.each(["websocket", "http"])(
    "SIZE-1 the package for Python sends the largest message over %s",
    async (transport) => {
      const { server, proxy, ada } = await start();
      const { url } = transport === "http" ? proxy : server;
      const free = Math.floor((limits.messageBytesDefault - '{"text":""}'.length) / 2);

      const inbox = runPython("sizes_sdk.py", url, tokenOf("bob"), String(limits.messageLength), String(free));

      expect(await inbox.next("line", 2)).toEqual([
        { sent: 0, live: transport },
        { refused: "invalid_payload", message: expect.stringContaining("message") },
      ]);
      expect((await ada.one(EventType.ChatMessage)).data.message === long(limits.messageLength)).toBe(true);
    },
  );
});
