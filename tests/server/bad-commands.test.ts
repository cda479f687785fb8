import { describe, expect, it } from "@jest/globals";
import { z } from "zod";
import { type CommandInput, type CommandName, commands } from "../../shared/commands/catalogue.ts";
import type { ErrorCode } from "../../shared/error-code.ts";
import { EventType } from "../../shared/event-type.ts";
import type { Namespace } from "../../shared/namespace.ts";
import type { Position } from "../../shared/position.ts";
import type { Reply } from "../../shared/reply.ts";
import { nested, withProto } from "../support/json.ts";
import { alertOf, tell } from "../support/monitoring.ts";
import { startServer } from "../support/server.ts";
import { type TestClient, texts } from "../support/test-client.ts";
import { tokenOf } from "../support/tokens.ts";
import { within } from "../support/within.ts";

/** Nobody is held back for being fast: bad input comes by the hundred here. */
const unhurried = { LIMIT_COMMANDS_PER_SECOND: "1000000", LIMIT_COMMANDS_BURST: "1000000" };

type Served = CommandName<"/chat">;

interface Known {
  /** A place in the log of conversation 42. */
  position: Position;
  /** Of ada's list of conversations. */
  cursor: string;
  token: string;
}

/** A payload of each command that is carried out, with every field that it may have. */
function samplesOf({ position, cursor, token }: Known): {
  [Name in Served]: Required<CommandInput<"/chat", Name>>;
} {
  const inConversation = { conversationId: "42" };
  const room = "conversation:42";
  const message = "hello";
  return {
    "system.pong": { timestamp: 1 },
    "system.token.refresh": { token },
    "conversation.create": { id: "new", title: "New", members: ["bob"], public: true },
    "conversation.add_members": { ...inConversation, userIds: ["cy"] },
    "conversation.remove_member": { ...inConversation, userId: "bob" },
    "conversation.list": { cursor, limit: 10 },
    "conversation.rename": { ...inConversation, title: "Renamed" },
    mark_read: { room, position },
    join_room: { room, after: position, limit: 10 },
    leave_room: { room },
    history: { room, before: position, limit: 10 },
    chat_message: {
      ...inConversation,
      message,
      id: "m-1",
      replyTo: "m-0",
      attachments: [{ url: "https://example.com/a.png", mediaType: "image/png", name: "a", altText: "an a" }],
      metadata: { mood: "good" },
    },
    chat_response_delta: { ...inConversation, responseId: "r-2", delta: "hel", inReplyTo: "m-0" },
    chat_response: {
      ...inConversation,
      responseId: "r-3",
      message,
      status: "complete",
      inReplyTo: "m-0",
      usage: { tokens: 1 },
    },
    "chat_response.cancel": { ...inConversation, responseId: "r-1" },
    typing_indicator: { ...inConversation, isTyping: true },
    hlink_message: {
      type: "user_message",
      sender: { agent_id: "ui-1", role: "user" },
      recipient: { target: "user:ada" },
      payload: { content: message },
      timestamp: "2026-11-20T12:00:00Z",
      metadata: { mood: "good" },
    },
  };
}

const many = (count: number) => Array.from({ length: count }, (_, index) => `u${index}`);
const link = { url: "https://example.com/a.png", mediaType: "image/png" };

/** Values of single fields that are of the right type and wrong all the same. */
const wrongValues: { [Name in Served]: Record<string, unknown[]> } = {
  "system.pong": { timestamp: [-1, 1.5] },
  "system.token.refresh": { token: ["", "x".repeat(16_385)] },
  "conversation.create": {
    id: ["", "a b", "../x", "-a", "x".repeat(129)],
    title: ["", "  ", "a\nb", "x".repeat(201)],
    members: [many(1_001), [""], ["a b"], [7]],
  },
  "conversation.add_members": {
    conversationId: ["", "a b", "x".repeat(129)],
    userIds: [[], many(101), ["conversation:1"], [null]],
  },
  "conversation.remove_member": { conversationId: ["", "x".repeat(129)], userId: ["", "x".repeat(129)] },
  "conversation.list": { cursor: ["", "no cursor", "x".repeat(1_025)], limit: [0, -1, 1.5, 201] },
  "conversation.rename": { conversationId: ["", "x".repeat(129)], title: ["", "\t", "a\u0000b", "x".repeat(201)] },
  mark_read: {
    room: ["", "nowhere:1", "conversation", "conversation:", "broadcast:1", `conversation:${"x".repeat(129)}`],
    position: [
      {},
      { epoch: "a" },
      { epoch: "a b", offset: 1 },
      { epoch: "a", offset: -1 },
      { epoch: "a", offset: 1e99 },
    ],
  },
  join_room: { room: ["", "conversation:*", "__proto__", "constructor"], limit: [0, 1.5, 1_001] },
  leave_room: { room: ["", "conversation:*", "__proto__"] },
  history: { room: ["", "conversation:a:b"], limit: [0, 1.5, 1_001] },
  chat_message: {
    conversationId: ["", "x".repeat(129)],
    message: ["", " \n ", "x".repeat(16_385)],
    id: ["", "a b", "é", "x".repeat(129)],
    replyTo: ["", "x".repeat(129)],
    attachments: [
      many(11).map(() => link),
      [{ ...link, url: "javascript:alert(1)" }],
      [{ ...link, url: `https://example.com/${"x".repeat(2_048)}` }],
      [{ ...link, mediaType: "" }],
      [{ ...link, extra: 1 }],
      [{ url: link.url }],
    ],
  },
  chat_response_delta: {
    responseId: ["", "a b", "x".repeat(129)],
    delta: ["", "x".repeat(16_385)],
    inReplyTo: ["", "x".repeat(129)],
  },
  chat_response: { responseId: ["", "x".repeat(129)], status: ["", "done"], inReplyTo: ["", "x".repeat(129)] },
  "chat_response.cancel": { conversationId: ["", "x".repeat(129)], responseId: ["", "x".repeat(129)] },
  typing_indicator: { conversationId: ["", "x".repeat(129)] },
  hlink_message: {
    type: ["", "chat_message"],
    sender: [{}, { agent_id: "", role: "user" }, { agent_id: "a", role: "" }, { agent_id: "a", role: "b", extra: 1 }],
    recipient: [{}, { target: "" }, { target: "task:1" }, { target: "conversation:*" }, { target: "ui", extra: 1 }],
    payload: [{}, { content: "" }, { content: "x".repeat(16_385) }, { content: "a", url: "javascript:alert(1)" }],
    timestamp: ["", "yesterday"],
  },
};

interface Fault {
  what: string;
  /** What is emitted after the command's name. */
  args: unknown[];
  code: ErrorCode | "ok";
}

type Payload = Record<string, unknown>;

function fieldsOf(namespace: Namespace, name: string): { all: string[]; required: string[] } {
  const table: Record<string, { payload: z.ZodType }> = commands[namespace];
  const payload = table[name]?.payload;
  // Of several shapes that a payload may have, the sample has the first.
  const first = payload instanceof z.ZodDiscriminatedUnion ? payload.options[0] : payload;
  const shape: Record<string, z.ZodType> = first instanceof z.ZodObject ? first.shape : {};
  const all = Object.keys(shape);
  return { all, required: all.filter((field) => shape[field]?.safeParse(undefined).success === false) };
}

/** Everything that can be wrong with a payload, whatever the command is. */
function faultsOf(sample: Payload, required: readonly string[], values: Record<string, unknown[]> = {}): Fault[] {
  const fault = (what: string, payload: unknown, code: ErrorCode = "invalid_payload") => ({
    what,
    args: [payload],
    code,
  });
  const objects = Object.entries(sample).filter(([, value]) => typeof value === "object" && !Array.isArray(value));
  return [
    // A payload in which nothing must be may be left out.
    { what: "nothing", args: [], code: required.length > 0 ? "invalid_payload" : "ok" },
    { what: "two payloads", args: [sample, sample], code: "invalid_payload" },
    fault("null", null),
    fault("a string", "text"),
    fault("a number", 7),
    fault("true", true),
    fault("an array", [sample]),
    ...(required.length > 0 ? [fault("an empty object", {})] : []),
    ...required.map((field) => fault(`no ${field}`, without(sample, field))),
    ...Object.keys(sample).flatMap((field) => [
      fault(`${field} of a wrong type`, { ...sample, [field]: ofWrongType(sample[field]) }),
      fault(`${field} null`, { ...sample, [field]: null }),
      fault(`${field} too deep`, { ...sample, [field]: nested(40) }, "too_large"),
    ]),
    ...Object.entries(values).flatMap(([field, wrong]) =>
      wrong.map((value) => fault(`${field} ${JSON.stringify(value).slice(0, 60)}`, { ...sample, [field]: value })),
    ),
    fault("a key that is not known", { ...sample, extra: 1 }),
    fault("constructor as a key", { ...sample, constructor: 1 }),
    fault("__proto__ as a key", withProto(sample)),
    ...objects.map(([field, value]) =>
      fault(`__proto__ in ${field}`, { ...sample, [field]: withProto(value as object) }),
    ),
    fault("an extra key too deep", { ...sample, extra: nested(40) }, "too_large"),
    fault("too many bytes", { ...sample, extra: "x".repeat(65_536) }, "too_large"),
    fault("a binary attachment", { ...sample, extra: Buffer.from("binary") }),
  ];
}

function without(payload: Payload, field: string): Payload {
  return Object.fromEntries(Object.entries(payload).filter(([name]) => name !== field));
}

function ofWrongType(value: unknown): unknown {
  if (typeof value === "string") return 7;
  if (typeof value === "number") return String(value);
  return "text";
}

async function emit(client: TestClient<Namespace>, name: string, ...args: unknown[]): Promise<Reply<unknown>> {
  return within(client.socket.emitWithAck(name, ...args), `the reply to ${name}`);
}

/** The code of each answer, under what was wrong. */
async function answersTo(client: TestClient<Namespace>, name: string, faults: readonly Fault[]) {
  const answers = await Promise.all(
    faults.map(async ({ what, args }) => {
      const reply = await emit(client, name, ...args);
      return [what, reply.ok ? "ok" : reply.error.code];
    }),
  );
  return Object.fromEntries(answers);
}

const expected = (faults: readonly Fault[]) => Object.fromEntries(faults.map(({ what, code }) => [what, code]));

/** Ada, who may send every command, and bob in a conversation in which something was said. */
async function startChat() {
  const server = await startServer({ env: unhurried });
  const ada = await server.connect("ada", { roles: ["user", "agent"] });
  const bob = await server.connect("bob");
  await ada.ok("conversation.create", { id: "41" });
  await ada.ok("conversation.create", { id: "42", members: ["bob"] });
  for (const client of [ada, bob]) await client.ok("join_room", { room: "conversation:42" });
  await ada.ok("chat_response_delta", { conversationId: "42", responseId: "r-1", delta: "hm" });
  const { position } = await bob.one(EventType.ChatResponseDelta);
  const { nextCursor } = await ada.ok("conversation.list", { limit: 1 });
  if (!position || !nextCursor) throw new Error("nothing to go on from");
  const samples = samplesOf({ position, cursor: nextCursor, token: tokenOf("ada", ["user", "agent"]) });
  return { ada, bob, position, samples };
}

/** What is sent after bad input is carried out as the very next thing in the conversation. */
async function expectToGoOn(ada: TestClient, bob: TestClient, position: Position) {
  const sent = await ada.ok("chat_message", { conversationId: "42", message: "still here" });
  const answered = await bob.ok("chat_message", { conversationId: "42", message: "so am I" });
  expect([sent.position.offset, answered.position.offset]).toEqual([position.offset + 1, position.offset + 2]);
  expect(texts(await bob.next(EventType.ChatMessage, 2))).toEqual(["still here", "so am I"]);
  expect(texts(await ada.next(EventType.ChatMessage, 2))).toEqual(["still here", "so am I"]);
}

type Watching = Exclude<CommandName<"/monitoring">, `system.${string}`>;

const badTopics = [
  "",
  "task",
  "task:",
  "job:1",
  "conversation:1",
  "task:*:1",
  "**",
  "*x",
  "__proto__",
  "x".repeat(161),
];

/** A good payload of each command of /monitoring, without a position, and values of its fields that are wrong. */
const watching: Record<Watching, { sample: Payload; wrong: Record<string, unknown[]> }> = {
  subscribe: {
    sample: { id: "a", topics: ["task:*"], types: ["task.created"], limit: 10 },
    wrong: {
      id: ["", "x".repeat(161)],
      topics: [[], many(51).map((id) => `task:${id}`), [7], ...badTopics.map((topic) => [topic])],
      types: [[], ["nonsense"], [7], Array.from({ length: 51 }, () => "task.created")],
      after: [{}, { epoch: "a" }, { epoch: "a b", offset: 1 }, { epoch: "a", offset: -1 }],
      limit: [0, 1.5, 1_001],
    },
  },
  unsubscribe: { sample: { id: "a" }, wrong: { id: ["", "x".repeat(161)] } },
  join_room: { sample: { room: "task:1", limit: 10 }, wrong: { room: badTopics, limit: [0, 1.5, 1_001] } },
  leave_room: { sample: { room: "task:1" }, wrong: { room: badTopics } },
};

const servedNames = Object.keys(wrongValues) as Served[];

describe("an invalid payload", () => {
  it("BAD-1 there is a sample of every command of /chat", () => {
    const named = servedNames.toSorted();

    expect(named).toEqual(Object.keys(commands["/chat"]).sort());
  });

  it.each(servedNames)("BAD-1 %s gets an error code of the protocol, and everything continues", async (name) => {
    const { ada, bob, position, samples } = await startChat();
    const sample: Payload = samples[name];
    const { all, required } = fieldsOf("/chat", name);
    const faults = faultsOf(sample, required, wrongValues[name]);

    const answers = await answersTo(ada, name, faults);

    expect(Object.keys(sample).sort()).toEqual(all.sort());
    expect(answers).toEqual(expected(faults));
    await expectToGoOn(ada, bob, position);
    // And the sample itself was not what was wrong.
    expect(await emit(ada, name, sample)).toMatchObject({ ok: true });
  });

  it.each(Object.keys(watching) as Watching[])(
    "BAD-1 %s of /monitoring gets an error code of the protocol, and everything continues",
    async (name) => {
      const server = await startServer({ env: unhurried });
      const mona = await server.connect("mona", { namespace: "/monitoring", roles: ["monitor"] });
      const { position } = await mona.ok("subscribe", { id: "other", topics: ["alerts"] });
      const { wrong, ...rest } = watching[name];
      const sample: Payload =
        name === "subscribe" || name === "join_room" ? { ...rest.sample, after: position } : rest.sample;
      const { all, required } = fieldsOf("/monitoring", name);
      const faults = faultsOf(sample, required, wrong);

      const answers = await answersTo(mona, name, faults);
      await tell(server, alertOf("a1"));

      expect(Object.keys(sample).sort()).toEqual(all.sort());
      expect(answers).toEqual(expected(faults));
      expect((await mona.one(EventType.AlertCreated)).data.alertId).toBe("a1");
      expect(await emit(mona, name, sample)).toMatchObject({ ok: true });
    },
  );

  it("BAD-1 admin.announce gets an error code of the protocol, and everything continues", async () => {
    const server = await startServer({ env: unhurried });
    const admin = await server.connect("root", { namespace: "/admin", roles: ["admin"] });
    const ada = await server.connect("ada");
    const sample = { message: "hello", level: "info" };
    const { all, required } = fieldsOf("/admin", "admin.announce");
    const faults = faultsOf(sample, required, { message: ["", "x".repeat(4_097)], level: ["", "loud"] });

    const answers = await answersTo(admin, "admin.announce", faults);

    expect(Object.keys(sample).sort()).toEqual(all.sort());
    expect(answers).toEqual(expected(faults));
    const { position } = await admin.ok("admin.announce", { message: "hello", level: "info" });
    const announcement = await ada.one(EventType.Announcement);
    expect([position.offset, announcement.position?.offset]).toEqual([1, 1]);
  });

  it("BAD-1 the text of a response may have 1 MiB, and not more", async () => {
    const { ada, bob, position, samples } = await startChat();
    const response = { ...samples.chat_response, message: "x".repeat(1_048_576) };

    const tooLong = await ada.refused("chat_response", { ...response, message: `${response.message}x` });

    expect(tooLong.code).toBe("too_large");
    await expectToGoOn(ada, bob, position);
    expect(await ada.ok("chat_response", response)).toMatchObject({ duplicate: false });
  });

  it("BAD-1 a payload without required fields may be omitted", async () => {
    const server = await startServer();
    const admin = await server.connect("root", { namespace: "/admin", roles: ["admin"] });
    const names = ["admin.stats", "admin.instances", "admin.connections", "admin.rooms"];

    const replies = await Promise.all(names.map((name) => emit(admin, name)));

    expect(replies.map(({ ok }) => ok)).toEqual([true, true, true, true]);
  });

  it("BAD-1 the reply names every fault and its path", async () => {
    const { ada } = await startChat();

    const error = await ada.refused("chat_message", { conversationId: "a b", message: "", extra: 1 });

    const { details } = error as { details: { path: string; message: string }[] };
    expect(details.map(({ path }) => path).sort()).toEqual(["", "conversationId", "message", "message"]);
    expect(details.every(({ message }) => message.length > 0)).toBe(true);
  });
});
