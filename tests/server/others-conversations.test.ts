import { describe, expect, it } from "@jest/globals";
import type { z } from "zod";
import { commands } from "../../shared/commands/catalogue.ts";
import { EventType } from "../../shared/event-type.ts";
import { startServer } from "../support/server.ts";
import { texts } from "../support/test-client.ts";

const position = { epoch: "a", offset: 1 };
const response = { responseId: "r-1", message: "hello", status: "complete" };

/** Every command that is about one conversation, as a payload about this one. */
const about: Record<string, (id: string) => Record<string, unknown>> = {
  "conversation.add_members": (conversationId) => ({ conversationId, userIds: ["eve"] }),
  "conversation.remove_member": (conversationId) => ({ conversationId, userId: "ada" }),
  "conversation.rename": (conversationId) => ({ conversationId, title: "Mine" }),
  mark_read: (id) => ({ room: `conversation:${id}`, position }),
  join_room: (id) => ({ room: `conversation:${id}`, after: position }),
  history: (id) => ({ room: `conversation:${id}` }),
  chat_message: (conversationId) => ({ conversationId, message: "let me in" }),
  chat_response_delta: (conversationId) => ({ conversationId, responseId: "r-1", delta: "hel" }),
  chat_response: (conversationId) => ({ conversationId, ...response }),
  "chat_response.cancel": (conversationId) => ({ conversationId, responseId: "r-1" }),
  typing_indicator: (conversationId) => ({ conversationId, isTyping: true }),
};

/** Leaving is good for a room that one is not in, whether it exists or not. */
const always = { leave_room: (id: string) => ({ room: `conversation:${id}` }) };

/** Ada in a conversation of hers, and eve, whose roles allow every command. */
async function startStrangers() {
  const server = await startServer();
  const [ada] = await server.conversation("secret", "ada");
  const eve = await server.connect("eve", { roles: ["user", "agent"] });
  if (!ada) throw new Error("no client");
  await ada.ok("chat_message", { conversationId: "secret", message: "between us" });
  return { server, ada, eve };
}

/** What is left of an answer when the conversation's name is taken out. */
const anonymous = (answer: unknown, id: string) => JSON.stringify(answer).replaceAll(id, "…");

describe("a conversation of other users", () => {
  it("BAD-2 there is a payload for every command about a conversation", () => {
    const table: Record<string, { payload: z.ZodType }> = commands["/chat"];
    const ofOne = Object.keys(table).filter((name) => {
      const payload = table[name]?.payload as { shape?: object } | undefined;
      const fields = Object.keys(payload?.shape ?? {});
      return fields.includes("conversationId") || fields.includes("room");
    });

    const named = [...Object.keys(about), ...Object.keys(always)];

    expect(named.sort()).toEqual(ofOne.sort());
  });

  it.each(Object.keys(about))("BAD-2 %s is answered as if it did not exist", async (name) => {
    const { ada, eve } = await startStrangers();
    const payload = about[name] ?? (() => ({}));

    const secret = await eve.refused(name, payload("secret"));
    const nowhere = await eve.refused(name, payload("nowhere"));

    expect(secret.code).toBe("not_found");
    expect(anonymous(secret, "secret")).toBe(anonymous(nowhere, "nowhere"));
    // And to ada nothing has happened: hers is the next event of the conversation.
    await ada.ok("chat_message", { conversationId: "secret", message: "marker" });
    const messages = await ada.next(EventType.ChatMessage, 2);
    expect(texts(messages)).toEqual(["between us", "marker"]);
    expect(messages.map((message) => message.position?.offset)).toEqual([1, 2]);
    expect(ada.seen(EventType.TypingIndicator)).toEqual([]);
    await ada.one(EventType.ConversationUpdated);
    expect(ada.seen(EventType.ConversationUpdated)).toHaveLength(1);
  });

  it("BAD-2 leave_room is answered as if it did not exist", async () => {
    const { eve } = await startStrangers();

    const secret = await eve.command("leave_room", always.leave_room("secret"));
    const nowhere = await eve.command("leave_room", always.leave_room("nowhere"));

    expect(secret).toEqual({ ok: true, data: {} });
    expect(nowhere).toEqual(secret);
  });

  it("BAD-2 a former member gets the same answers", async () => {
    const { ada, eve } = await startStrangers();
    await ada.ok("conversation.add_members", { conversationId: "secret", userIds: ["eve"] });
    await eve.ok("join_room", { room: "conversation:secret" });
    await ada.ok("conversation.remove_member", { conversationId: "secret", userId: "eve" });

    const answers = await Promise.all(
      Object.entries(about).map(async ([name, payload]) => [name, (await eve.refused(name, payload("secret"))).code]),
    );

    expect(answers).toEqual(Object.keys(about).map((name) => [name, "not_found"]));
  });

  it("BAD-2 over HTTP it is answered as if it did not exist", async () => {
    const { server } = await startStrangers();
    const ask = async (id: string) => [
      await server.request("POST", `/api/conversations/${id}/messages`, { as: "eve", body: { message: "let me in" } }),
      await server.request("POST", `/api/conversations/${id}/members`, { as: "eve", body: { userIds: ["eve"] } }),
    ];

    const secret = await ask("secret");
    const nowhere = await ask("nowhere");

    expect(secret.map(({ status }) => status)).toEqual([404, 404]);
    expect(secret.map(({ body }) => anonymous(body, "secret"))).toEqual(
      nowhere.map(({ body }) => anonymous(body, "nowhere")),
    );
  });

  it("BAD-2 over a plain WebSocket it is answered as if it did not exist", async () => {
    const { server } = await startStrangers();

    const secret = await server.connectWebSocket("eve", { query: "&conversation_id=secret" });
    const nowhere = await server.connectWebSocket("eve", { query: "&conversation_id=nowhere" });

    const toSecret = await secret.inbox.one<{ payload: unknown }>("reply");
    const toNowhere = await nowhere.inbox.one<{ payload: unknown }>("reply");
    expect(toSecret.payload).toMatchObject({ ok: false, error: { code: "not_found" } });
    expect(anonymous(toSecret, "secret")).toBe(anonymous(toNowhere, "nowhere"));
  });
});
