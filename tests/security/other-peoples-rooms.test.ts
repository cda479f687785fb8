import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { dispatch, result } from "../support/dispatching.ts";
import { startAgent } from "../support/test-agent.ts";
import { secretConversation, startTarget } from "./target.ts";

/** Names that mean somebody else's room, or look as if they did. */
const names = [
  `conversation:${secretConversation}`,
  `conversation:${secretConversation}\0`,
  ` conversation:${secretConversation}`,
  `conversation: ${secretConversation}`,
  `CONVERSATION:${secretConversation}`,
  `Conversation:${secretConversation.toUpperCase()}`,
  `conversation:own/../${secretConversation}`,
  `conversation:%61das-and-bobs`,
  `conversation:conversation:${secretConversation}`,
  `conversation:${secretConversation}:`,
  `conversation:${secretConversation}*`,
  "conversation:*",
  "conversation:",
  "conversation",
  "user:ada",
  "user:ada ",
  "USER:ada",
  "user:ａda",
  "user:аda",
  "user:ada\u200b",
  "user:mallory/ada",
  "user:*",
  "user:",
  "*",
  "",
  ":",
  "__proto__",
  "constructor:x",
  "{log:user:ada}",
  "signalbox:{documents}:conversation",
  "/chat#user:ada",
];

describe("a user without memberships", () => {
  it.each(names)("SEC-2 no command opens %j", async (room) => {
    const { server, ada, bob, unharmed } = await startTarget();
    const mallory = await server.connect("mallory", { roles: ["user", "monitor"] });
    const watching = await server.connect("mallory", { namespace: "/monitoring", roles: ["user", "monitor"] });
    const id = room.replace(/^conversation:/, "");

    const attempts: [string, unknown][] = [
      ["join_room", { room }],
      ["join_room", { room, after: { epoch: "x", offset: 0 } }],
      ["history", { room }],
      ["mark_read", { room, position: { epoch: "x", offset: 1 } }],
      ["leave_room", { room: 7, toString: room }],
      ["chat_message", { conversationId: id, message: "let me in" }],
      ["typing_indicator", { conversationId: id, isTyping: true }],
      ["conversation.add_members", { conversationId: id, userIds: ["mallory"] }],
      ["conversation.remove_member", { conversationId: id, userId: "ada" }],
      ["conversation.rename", { conversationId: id, title: "mine" }],
      ["chat_response_delta", { conversationId: id, responseId: "r", delta: "x" }],
      ["chat_response", { conversationId: id, responseId: "r", message: "x", status: "complete" }],
      ["chat_response.cancel", { conversationId: id, responseId: "r" }],
    ];
    const accepted = [];
    for (const [name, payload] of attempts) if ((await mallory.command(name, payload)).ok) accepted.push(name);
    const isPattern = room === "*";
    for (const topic of [room, `${room}*`]) {
      const { ok } = await watching.command("subscribe", { id: "s", topics: [topic] });
      if (ok && !isPattern && topic !== "*") accepted.push(`subscribe ${topic}`);
    }

    await unharmed();
    expect(accepted).toEqual([]);
    expect([...mallory.seen(EventType.ChatMessage), ...watching.inbox.of(EventType.ChatMessage)]).toEqual([]);
    for (const { inbox } of [ada, bob]) {
      const changes = inbox.of<{ data: { change: string } }>(EventType.ConversationUpdated);
      expect(changes.filter(({ data }) => data.change !== "created")).toEqual([]);
      expect(inbox.of(EventType.TypingIndicator)).toEqual([]);
    }
  });

  it("SEC-2 over HTTP, such a user cannot publish, notify, change tasks or revoke", async () => {
    const { server, unharmed } = await startTarget();
    const asking: [string, string, unknown][] = [
      ["POST", "/api/events", { room: "user:ada", type: "notification", data: { title: "x", level: "info" } }],
      ["POST", "/api/users/ada/notifications", { title: "x", level: "info" }],
      ["POST", "/api/tasks", { title: "x" }],
      ["POST", "/api/streams", { name: "x" }],
      ["POST", "/api/revocations", { userId: "ada" }],
      ["POST", `/api/conversations/${secretConversation}/messages`, { message: "x" }],
      ["POST", `/api/conversations/${secretConversation}/members`, { userIds: ["mallory"] }],
      ["GET", "/api/events?topics=user:ada", undefined],
      ["GET", `/api/events?topics=conversation:${secretConversation}`, undefined],
      ["GET", "/api/events?topics=*", undefined],
      ["GET", "/api/tasks", undefined],
    ];

    const statuses = [];
    for (const [method, path, body] of asking) {
      statuses.push([path, (await server.request(method, path, { as: "mallory", body })).status]);
    }

    expect(statuses.filter(([, status]) => ![403, 404].includes(Number(status)))).toEqual([]);
    await unharmed();
  });

  it("SEC-2 one agent cannot finish a response that another agent has begun", async () => {
    const { server, ada, unharmed } = await startTarget();
    await ada.ok("conversation.add_members", { conversationId: secretConversation, userIds: ["bot", "bad-bot"] });
    const bot = await server.connect("bot", { roles: ["agent"] });
    const badBot = await server.connect("bad-bot", { roles: ["agent"] });
    const answer = { conversationId: secretConversation, responseId: "r1" };
    await bot.ok("chat_response_delta", { ...answer, delta: "begun" });

    const goneOn = await badBot.refused("chat_response_delta", { ...answer, delta: "by me" });
    const ended = await badBot.refused("chat_response", { ...answer, message: "by me", status: "complete" });
    await bot.ok("chat_response", { ...answer, message: "begun, and ended", status: "complete" });

    expect([goneOn.code, ended.code]).not.toContain("internal");
    expect((await ada.one(EventType.ChatResponse)).data.message).toBe("begun, and ended");
    await unharmed();
  });

  it("SEC-2 an agent cannot create, read or end dispatches over HTTP, or report on those of another agent", async () => {
    const { server, unharmed } = await startTarget();
    const coder = await startAgent(server, "coder");
    const { messageId } = await dispatch(server, { agentId: "coder" });
    const given = await coder.nextDispatch();
    const badBot = await startAgent(server, "another");

    const asking: [string, string, unknown?][] = [
      ["POST", "/api/dispatches", { agentId: "coder", content: "x" }],
      ["GET", `/api/dispatches/${messageId}`],
      ["DELETE", `/api/dispatches/${messageId}`],
      ["GET", "/api/agents"],
    ];
    const statuses = [];
    for (const [method, path, body] of asking) {
      for (const role of ["user", "agent"] as const) {
        statuses.push((await server.request(method, path, { as: "mallory", roles: [role], body })).status);
      }
    }
    const inItsPlace = await badBot.client.refused("register", { agentId: "coder", capabilities: [] });
    const attempt = { messageId, attempt: given.attempt };
    const told = await badBot.client.refused("progress", { ...attempt, status: "mine" });
    const ended = await badBot.client.refused("response", { ...attempt, content: "by me" });
    await coder.respond(given, { content: "by the one who has it" });

    expect(new Set(statuses)).toEqual(new Set([403]));
    expect(inItsPlace.code).toBe("conflict");
    expect([told.code, ended.code]).toEqual(["not_found", "not_found"]);
    expect((await result(server, messageId)).outcome).toMatchObject({ content: "by the one who has it" });
    await unharmed();
  });
});
