import { expect, it } from "@jest/globals";
import { WebSocket } from "ws";
import { EventType } from "../../shared/event-type.ts";
import { replaceProperty, without } from "../support/renamed-parts.ts";
import { startServer } from "../support/server.ts";

// For all of this file: the check is made once per process.
replaceProperty(WebSocket, "_sender", (sender) => (sender ? without(Object(sender), "_queue") : sender));

it("FAN-8 without ws's _sender._queue its public methods are used, and the log says so", async () => {
  const server = await startServer({ store: "memory" });
  const ada = await server.connectWebSocket("ada");
  await ada.ok("conversation.create", { id: "42", members: ["ada"] });
  await ada.ok("join_room", { room: "conversation:42" });

  const messages = Array.from({ length: 50 }, (_unused, index) => String(index));
  await Promise.all(messages.map((message) => ada.ok("chat_message", { conversationId: "42", message })));
  const heard = await ada.inbox.next<{ data: { message: string } }>(EventType.ChatMessage, messages.length);

  const lines = server.lines.filter((line) => line.includes("not made as expected")).map((line) => JSON.parse(line));
  // Socket.IO is given the same WebSockets.
  const missing = ["_sender._queue"];
  expect(lines).toEqual(["socket.io", "ws"].map((library) => expect.objectContaining({ library, missing })));
  expect(heard.map(({ data }) => data.message)).toEqual(messages);
});
