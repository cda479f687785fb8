import { randomUUID } from "node:crypto";
import { expect } from "@jest/globals";
import type { Envelope } from "../../shared/envelope.ts";
import { EventType } from "../../shared/event-type.ts";
import type { Position } from "../../shared/position.ts";
import type { Reply, ReplyError } from "../../shared/reply.ts";
import type { Inbox } from "../support/inbox.ts";
import { type StartOptions, startServer, type TestServer } from "../support/server.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { storeEnv } from "../support/stores.ts";
import { eventually } from "../support/within.ts";

export const conversationId = "42";
export const room = `conversation:${conversationId}`;

/** Tests write faster than people do. */
const unhurried = { LIMIT_COMMANDS_PER_SECOND: "100000", LIMIT_COMMANDS_BURST: "100000" };

/** Settings of instances that share a store. */
export async function sharedEnv(redis?: { url: string }): Promise<Record<string, string>> {
  const env = redis ? { REDIS_URL: redis.url, REDIS_PREFIX: `test-${randomUUID()}` } : await storeEnv("redis");
  return { ...unhurried, ...env };
}

/** So many instances that share a store; which one, `env` says. Closed after the test. */
export async function startInstances<const Names extends readonly string[]>(
  env: Record<string, string>,
  names: Names,
  overrides?: StartOptions["overrides"],
): Promise<{ [I in keyof Names]: TestServer }> {
  const starting = names.map(() => startServer({ store: "memory", env, ...(overrides && { overrides }) }));
  return (await Promise.all(starting)) as { [I in keyof Names]: TestServer };
}

/** A client, whatever door it came by. */
export interface Client {
  inbox: Inbox;
  command(name: string, payload?: unknown): Promise<Reply<unknown>>;
}

/** What the tests look at of a message, at every door. */
type Message = Pick<Envelope<EventType.ChatMessage>, "id" | "position" | "data">;

export const messages = ({ inbox }: Client) => inbox.of<Message>(EventType.ChatMessage);

export const textsOf = (client: Client) => messages(client).map(({ data }) => data.message);

/** Offset and id of every message, in the order in which the client heard of them. */
export const orderOf = (client: Client) => messages(client).map(({ id, position }) => `${position?.offset} ${id}`);

/** The message has arrived, and so has everything before it. */
export async function heard(client: Client, text: string): Promise<void> {
  await client.inbox.until(() => textsOf(client).includes(text), `the message ${text}`);
}

/** Writes to the conversation, which has to be possible. */
export async function say(client: Client, message: string, more: object = {}): Promise<{ position: Position }> {
  const reply = await client.command("chat_message", { conversationId, message, ...more });
  if (!reply.ok) throw new Error(`chat_message was refused: ${reply.error.code} ${reply.error.message}`);
  return reply.data as { position: Position };
}

interface Answer {
  afterMs: number;
  error?: ReplyError;
}

/** Writes one message after the other, each until it is accepted, for as long as it is not told to stop. */
export class Writer {
  /** Texts in the order in which they were accepted, with the offsets of the replies. */
  readonly accepted: { text: string; offset: number }[] = [];
  readonly answers: Answer[] = [];
  readonly #clock = stopwatch();
  readonly #client: Client;
  readonly #name: string;
  readonly #running: Promise<void>;
  #isStopping = false;

  constructor(client: Client, name: string) {
    this.#client = client;
    this.#name = name;
    this.#running = this.#run();
  }

  get refusals(): ReplyError[] {
    return this.answers.flatMap(({ error }) => error ?? []);
  }

  /** Resolves when the last message is accepted. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let i = 0; !this.#isStopping; i++) {
      const text = `${this.#name}-${i}`;
      const offset = await this.#insist(text);
      this.accepted.push({ text, offset });
    }
  }

  async #insist(text: string): Promise<number> {
    for (;;) {
      const sent = this.#clock();
      const reply = await this.#client.command("chat_message", { conversationId, id: `id-${text}`, message: text });
      this.answers.push({ afterMs: this.#clock() - sent, ...(reply.ok ? {} : { error: reply.error }) });
      if (reply.ok) return (reply.data as { position: Position }).position.offset;
      if (!reply.error.retryable) throw new Error(`${text} was refused: ${reply.error.code} ${reply.error.message}`);
    }
  }
}

export const statusOf = async (server: TestServer, path: string) =>
  (await server.request("GET", path, { as: null })).status;

/** The text that tells who came and went, as a client heard it: `+bob 2`. */
export const comingsAndGoings = ({ inbox }: Client) =>
  inbox.all.flatMap(({ name, data }) => {
    if (name !== EventType.UserJoined && name !== EventType.UserLeft) return [];
    const { userId, memberCount } = (data as Envelope<typeof name>).data;
    return [`${name === EventType.UserJoined ? "+" : "-"}${userId} ${memberCount}`];
  });

/** Two instances; Ada and Bob on one, Cy and Dan on the other, in one conversation, each pair by both doors. */
export async function startPair(redis: { url: string }, env: Record<string, string> = {}) {
  const [a, b] = await startInstances({ ...(await sharedEnv(redis)), PRESENCE_GRACE_MS: "2000", ...env }, ["A", "B"]);
  const ada = await a.connect("ada");
  await ada.ok("conversation.create", { id: conversationId, members: ["bob", "cy", "dan"] });
  await ada.ok("join_room", { room });
  const bob = await a.connectWebSocket("bob", { query: `&conversation_id=${conversationId}` });
  await bob.inbox.one("reply");
  const cy = await b.connect("cy");
  await cy.ok("join_room", { room });
  const dan = await b.connectWebSocket("dan", { query: `&conversation_id=${conversationId}` });
  await dan.inbox.one("reply");
  await ada.inbox.until(() => comingsAndGoings(ada).includes("+dan 4"), "Dan");
  return { servers: [a, b] as const, a, b, ada, bob, cy, dan, all: [ada, bob, cy, dan] as Client[] };
}

export const resets = ({ inbox }: Client) => inbox.of<{ room: string; reason: string }>("system.room.reset");

export const connectionsLost = ({ inbox }: Client) => [...inbox.of("disconnect"), ...inbox.of("close")];

/** Everybody has heard exactly what was accepted, in the order of the positions of the replies. Waits; publishes nothing. */
export async function expectAllDelivered(all: Client[], writers: Writer[]): Promise<void> {
  const accepted = writers.flatMap((writer) => writer.accepted).sort((a, b) => a.offset - b.offset);
  const expected = accepted.map(({ text }) => text);
  for (const client of all) {
    await client.inbox.until(() => textsOf(client).length >= expected.length, `${expected.length} messages`);
    expect(textsOf(client)).toEqual(expected);
    expect(orderOf(client)).toEqual(orderOf(all[0] as Client));
    expect(messages(client).map(({ position }) => position?.offset)).toEqual(accepted.map(({ offset }) => offset));
  }
}

/** Until it holds, with how long it took. */
export async function took(holds: () => boolean | Promise<boolean>, what: string): Promise<number> {
  const since = stopwatch();
  await eventually(holds, what);
  return since();
}

/** All instances are over an outage. */
export const allReady = (servers: readonly TestServer[]) =>
  eventually(async () => (await Promise.all(servers.map(isReady))).every(Boolean), "readiness");

export const isReady = async (server: TestServer) => (await statusOf(server, "/readyz")) === 200;
