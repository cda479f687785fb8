import { io, type Socket } from "socket.io-client";
import { type CommandData, type CommandInput, type CommandName, commands } from "../../shared/commands/catalogue.ts";
import type { Envelope } from "../../shared/envelope.ts";
import { EventType } from "../../shared/event-type.ts";
import { events } from "../../shared/events/catalogue.ts";
import type { Namespace } from "../../shared/namespace.ts";
import type { Reply, ReplyError } from "../../shared/reply.ts";
import { systemMessages } from "../../shared/system-message.ts";
import { Inbox } from "./inbox.ts";
import { within } from "./within.ts";

/** A stock Socket.IO client that holds everything the server says against the contract. */
export class TestClient<N extends Namespace = "/chat"> {
  readonly inbox = new Inbox();
  readonly socket: Socket;
  readonly #namespace: N;

  constructor(url: string, namespace: N, options: Record<string, unknown>) {
    this.#namespace = namespace;
    this.socket = io(url + namespace, { forceNew: true, ...options });
    this.socket.onAny((name: string, data: unknown) => {
      checkAgainstContract(name, data);
      this.inbox.put(name, data);
    });
    this.socket.on("connect_error", (error) => this.inbox.put("connect_error", error));
    this.socket.on("disconnect", (reason) => this.inbox.put("disconnect", reason));
  }

  /** Resolves with the reply, whatever it is. */
  async command(name: string, payload?: unknown): Promise<Reply<unknown>> {
    const reply = new Promise<Reply<unknown>>((resolve) => this.socket.emit(name, payload, resolve));
    return within(reply, `the reply to ${name}`);
  }

  /** Resolves with the data of a good reply. */
  async ok<C extends CommandName<N>>(name: C, payload: CommandInput<N, C>): Promise<CommandData<N, C>> {
    const reply = await this.command(name, payload);
    if (!reply.ok) throw new Error(`${name} was refused: ${reply.error.code} ${reply.error.message}`);
    const definition: unknown = commands[this.#namespace][name];
    const { reply: schema } = definition as { reply: { parse(data: unknown): unknown } };
    schema.parse(reply.data);
    return reply.data as CommandData<N, C>;
  }

  /** Resolves with the error of a refused command. */
  async refused(name: string, payload?: unknown): Promise<ReplyError> {
    const reply = await this.command(name, payload);
    if (reply.ok) throw new Error(`${name} was not refused`);
    return reply.error;
  }

  /** The next so many events of a type. */
  next<T extends EventType>(type: T, count: number): Promise<Envelope<T>[]> {
    return this.inbox.next<Envelope<T>>(type, count);
  }

  one<T extends EventType>(type: T): Promise<Envelope<T>> {
    return this.inbox.one<Envelope<T>>(type);
  }

  /** Everything of a type so far. */
  seen<T extends EventType>(type: T): Envelope<T>[] {
    return this.inbox.of<Envelope<T>>(type);
  }

  close(): void {
    this.socket.disconnect();
  }
}

/** Messages of a conversation, as they were written. */
export const texts = (envelopes: readonly { data: unknown }[]) =>
  envelopes.map(({ data }) => (data as { message: string }).message);

export const offsets = (envelopes: readonly { position?: { offset: number } }[]) =>
  envelopes.map(({ position }) => position?.offset);

const isEventType = (name: string): name is EventType => Object.values<string>(EventType).includes(name);

function checkAgainstContract(name: string, data: unknown): void {
  if (isEventType(name)) {
    const envelope = data as Envelope;
    events[name].data.parse(envelope.data);
    if (envelope.type !== name) throw new Error(`An envelope of type ${envelope.type} was emitted as ${name}`);
    if (events[name].durable !== (envelope.position !== undefined)) throw new Error(`${name} has the wrong durability`);
  } else if (name in systemMessages) {
    systemMessages[name as keyof typeof systemMessages].parse(data);
  }
}
