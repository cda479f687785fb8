import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { limits } from "../../shared/limits.ts";
import type { Namespace } from "../../shared/namespace.ts";
import type { Role } from "../../shared/role.ts";
import { asService, dispatch } from "../support/dispatching.ts";
import { escaped, freeForm, long } from "../support/escaped.ts";
import { doors, type Send } from "../support/escaping-doors.ts";
import type { Inbox } from "../support/inbox.ts";
import { startServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import { tokenOf } from "../support/tokens.ts";

const room = "conversation:42";
const unhurried = { LIMIT_COMMANDS_PER_SECOND: "100000", LIMIT_COMMANDS_BURST: "100000" };

const attachment = {
  url: `https://x/${"a".repeat(limits.urlLength - 10)}`,
  mediaType: "x".repeat(127),
  name: long(limits.nameLength),
  altText: long(limits.textLength),
};
const free = freeForm(limits.messageBytesDefault);
const ids = (count: number) =>
  Array.from({ length: count }, (_, index) => `${index}`.padStart(limits.identifierLength, "u"));
const hlink = {
  type: "user_message",
  payload: {
    content: long(limits.messageLength),
    asset_type: long(limits.nameLength),
    alt_text: long(limits.textLength),
  },
  sender: { agent_id: "a", role: long(limits.nameLength) },
  recipient: { target: "user:ada" },
  metadata: free,
};

/** The largest payloads, and for each field of these names one that has one more. */
const largest: [namespace: Namespace, role: Role, command: string, payload: object, more: object][] = [
  [
    "/chat",
    "user",
    "chat_message",
    {
      conversationId: "42",
      message: long(limits.messageLength),
      attachments: Array(limits.attachments).fill(attachment),
      metadata: free,
    },
    {
      message: long(limits.messageLength + 1),
      attachments: Array(limits.attachments + 1).fill(attachment),
      metadata: freeForm(limits.messageBytesDefault + 1),
    },
  ],
  [
    "/chat",
    "agent",
    "chat_response_delta",
    { conversationId: "42", responseId: "r0", delta: long(limits.deltaLength) },
    { delta: long(limits.deltaLength + 1) },
  ],
  [
    "/chat",
    "agent",
    "chat_response",
    { conversationId: "42", responseId: "r1", message: long(limits.responseLength), status: "complete", usage: free },
    { message: long(limits.responseLength + 1), usage: freeForm(limits.messageBytesDefault + 1) },
  ],
  [
    "/chat",
    "user",
    "conversation.create",
    { title: long(limits.titleLength), members: [...ids(limits.conversationMembers - 1), "ada"] },
    { members: ids(limits.conversationMembers + 1) },
  ],
  [
    "/chat",
    "user",
    "conversation.add_members",
    { conversationId: "42", userIds: ids(limits.membersPerCommand) },
    { userIds: ids(limits.membersPerCommand + 1) },
  ],
  ["/chat", "user", "hlink_message", hlink, { metadata: freeForm(limits.messageBytesDefault + 1) }],
  [
    "/monitoring",
    "monitor",
    "subscribe",
    {
      id: long(limits.roomNameLength),
      topics: Array.from({ length: limits.topicsPerSubscription }, (_, i) => `task:${"x".repeat(120)}${i}`),
    },
    { id: long(limits.roomNameLength + 1), topics: Array(limits.topicsPerSubscription + 1).fill("task:x") },
  ],
];

/** What is wrong with a payload that is larger by one in this field. */
async function expectRefused(send: Send, command: string, payload: object, more: object): Promise<void> {
  for (const [field, value] of Object.entries(more)) {
    const reply = await send(command, { ...payload, [field]: value });
    expect(reply).toMatchObject({ ok: false, error: { message: expect.stringContaining(field) } });
    expect(["too_large", "invalid_payload"]).toContain(reply.ok ? "ok" : reply.error.code);
  }
}

describe.each(Object.entries(doors))("documented sizes at %s", (_door, open) => {
  it.each(largest)(
    "SIZE-1 %s as %s: %s may have its documented size with all characters escaped, and no more",
    async (namespace, role, command, payload, more) => {
      const server = await startServer({ env: unhurried });
      const [ada] = await server.conversation("42", "ada");
      await ada.ok("conversation.add_members", { conversationId: "42", userIds: ["bot"] });
      const send = await open(server, namespace, tokenOf(role === "agent" ? "bot" : "ada", [role]));

      await expectRefused(send, command, payload, more);
      const reply = await send(command, payload);

      expect(reply).toMatchObject({ ok: true });
    },
  );
});

type Said = { type: string; data: { message: string } };

interface Reader {
  inbox: Inbox;
  ok(command: "join_room" | "history" | "chat_message", payload: unknown): Promise<unknown>;
}

describe.each(stores)("the largest event (%s)", (store) => {
  it("SIZE-1 the largest event reaches readers at every door, including late joiners", async () => {
    const server = await startServer({ store, env: unhurried });
    const [ada] = await server.conversation("42", "ada");
    const polling = await server.connect("ada", { io: { transports: ["polling"] } });
    const readers = [ada, polling, await server.connectWebSocket("ada")] as Reader[];
    for (const reader of readers) await reader.ok("join_room", { room });
    const stream = await server.eventStream("ada", `topics=${room}`);
    const message = long(limits.responseLength);
    const data = { responseId: "r1", message, status: "complete", usage: free };

    const { status } = await server.request("POST", "/api/events", {
      ...asService,
      body: escaped([{ room, type: "chat_response", data }]),
    });

    expect(status).toBe(201);
    for (const { inbox } of [...readers, stream]) {
      const event = await inbox.one<Said>(EventType.ChatResponse);
      expect(event.data.message === message).toBe(true);
    }
    for (const reader of readers) {
      const { events } = (await reader.ok("history", { room })) as { events: Said[] };
      expect(events.find(({ type }) => type === EventType.ChatResponse)?.data.message === message).toBe(true);
    }
    for (const reader of readers) await reader.ok("chat_message", { conversationId: "42", message: "still here" });
  });
});

describe("documented sizes of agents", () => {
  const register = {
    agentId: "coder",
    capabilities: Array(limits.capabilities).fill("c".repeat(128)),
    workdir: long(limits.pathLength),
    metadata: free,
  };
  const activity = { agentName: long(limits.nameLength), activity: long(limits.textLength), details: free };
  const progress = {
    status: long(limits.nameLength),
    progressText: long(limits.textLength),
    delta: long(limits.deltaLength),
    metadata: free,
  };

  it.each(Object.entries(doors).slice(0, 2))(
    "SIZE-1 an agent can send the largest documented messages at %s",
    async (_door, open) => {
      const server = await startServer({ env: unhurried });
      const send = await open(server, "/agents", tokenOf("bot", ["agent"]));
      await expectRefused(send, "register", register, {
        workdir: long(limits.pathLength + 1),
        metadata: freeForm(limits.messageBytesDefault + 1),
      });
      expect(await send("register", register)).toMatchObject({ ok: true });
      const { messageId } = await dispatch(server, { agentId: "coder", content: long(limits.dispatchLength) });
      const attempt = { messageId, attempt: 1 };
      await expectRefused(send, "progress", { ...attempt, ...progress }, { delta: long(limits.deltaLength + 1) });
      const outcome = { ...attempt, content: long(limits.responseLength), usage: free };
      await expectRefused(send, "response", outcome, { content: long(limits.responseLength + 1) });

      expect(await send("activity", { type: "agent_started", data: activity })).toMatchObject({ ok: true });
      expect(await send("progress", { ...attempt, ...progress })).toMatchObject({ ok: true });
      expect(await send("response", outcome)).toMatchObject({ ok: true, data: { accepted: true } });
    },
  );

  it("SIZE-1 an agent can send the largest documented messages at /ws/agent-bridge", async () => {
    const server = await startServer({ env: unhurried });
    const { socket, inbox } = server.rawWebSocket(`/ws/agent-bridge?token=${tokenOf("bot", ["agent"])}`);
    await new Promise((resolve) => socket.once("open", resolve));
    socket.on("message", (data) => inbox.put("frame", JSON.parse(String(data))));
    const { agentId: agent_id, ...fields } = register;
    socket.send(escaped({ type: "register", agent_id, ...fields }));
    expect(await inbox.one("frame")).toMatchObject({ type: "registered" });
    const { messageId } = await dispatch(server, { agentId: "coder", content: long(limits.dispatchLength) });
    expect(await inbox.one("frame")).toMatchObject({ type: "dispatch", content: long(limits.dispatchLength) });
    const outcome = { type: "response", message_id: messageId, content: long(limits.responseLength), usage: free };

    socket.send(escaped({ ...outcome, content: long(limits.responseLength + 1) }));
    expect(await inbox.one("frame")).toMatchObject({
      type: "error",
      code: "too_large",
      message: expect.stringContaining("content"),
    });
    socket.send(escaped(outcome));
    socket.send(escaped({ type: "heartbeat" }));

    expect(await inbox.one("frame")).toMatchObject({ type: "heartbeat" });
    const { body } = await server.request("GET", `/api/dispatches/${messageId}?wait=5`, asService);
    expect(body).toMatchObject({ status: "completed", outcome: { content: long(limits.responseLength) } });
  });
});
