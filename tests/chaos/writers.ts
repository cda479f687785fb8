import type { PublishedReply } from "../../shared/commands/fields.ts";
import type { Position } from "../../shared/position.ts";
import type { Reply, ReplyError } from "../../shared/reply.ts";
import type { Seen } from "./link.ts";
import { pause, Roamer, type RoamerOptions } from "./roamer.ts";

/** An event that the server has accepted. */
export interface Accepted {
  by: string;
  userId: string;
  conversationId: string;
  id: string;
  text: string;
  position: Position;
  /** One of the same writer that was accepted before this one was sent, or sent before it by the same connection. */
  after?: Accepted;
}

interface WriterOptions extends RoamerOptions {
  conversationId: string;
  /** Between two messages, on average. */
  everyMs: number;
}

interface Publication {
  id: string;
  text: string;
  payload: Record<string, unknown>;
}

abstract class Writer extends Roamer {
  readonly accepted: Accepted[] = [];
  /** How many were sent, however often. */
  sent = 0;
  readonly conversationId: string;
  protected readonly everyMs: number;
  /** A paused writer finishes what it has begun. */
  paused = false;
  finishing = false;
  readonly #done: Promise<void>;
  #finished: () => void = () => {};

  constructor(options: WriterOptions) {
    super(options);
    this.conversationId = options.conversationId;
    this.everyMs = options.everyMs;
    this.#done = new Promise((resolve) => {
      this.#finished = resolve;
    });
  }

  override start(): void {
    super.start();
    void this.#run();
  }

  /** Resolves when everything that was sent has been answered. */
  async finish(): Promise<void> {
    this.finishing = true;
    await this.#done;
    this.stop(false);
  }

  protected arrived(): void {}
  protected heard(_event: Seen): void {}
  protected abstract writeOne(): Promise<void>;

  /** Whether a publication has no place any more, so that it is not sent again. */
  protected isPointless(_error: ReplyError | undefined): boolean {
    return false;
  }

  /** Sends them, one right behind the other, and each again until it is accepted. */
  protected async publish(command: string, publications: readonly Publication[]): Promise<void> {
    this.sent += publications.length;
    const tries = publications.map(
      ({ payload }) => this.ask(command, payload) as Promise<Reply<PublishedReply> | undefined>,
    );
    const earlier = this.accepted.at(-1);
    let before = earlier;
    for (const [index, publication] of publications.entries()) {
      const reply = await tries[index];
      if (reply?.ok) before = await this.#noteAccepted(command, publication, reply.data, before);
      else if (!this.isPointless(reply?.error)) {
        await this.beforeRetry(command, reply?.error);
        // One that was not answered may be in the log, before others that were refused and sent again.
        const after = reply ? this.accepted.at(-1) : earlier;
        const accepted = await this.#untilAccepted(command, publication.payload);
        if (accepted) await this.#noteAccepted(command, publication, accepted, after);
      }
    }
  }

  async #noteAccepted(
    command: string,
    { id, text, payload }: Publication,
    accepted: PublishedReply,
    after: Accepted | undefined,
  ): Promise<Accepted> {
    const { position } = accepted;
    const { name: by, conversationId } = this;
    const { userId } = this.identity;
    const record: Accepted = {
      ...{ by, userId, conversationId, id: accepted.id, text, position },
      ...(after && { after }),
    };
    this.accepted.push(record);
    if (command === "chat_message" && accepted.id !== id) this.violated(`${id} was accepted as ${accepted.id}`);

    // An answer may have got lost on its way to somebody who then asks again.
    if (!this.random.chance(0.02)) return record;
    const again = await this.#untilAccepted(command, payload);
    if (again && (!again.duplicate || !isSame(again.position, position))) {
      this.violated(`${id} was accepted again: ${JSON.stringify(again)} after ${JSON.stringify(accepted)}`);
    }
    return record;
  }

  async #untilAccepted(command: string, payload: Record<string, unknown>): Promise<PublishedReply | undefined> {
    while (!this.isStopped) {
      const reply = (await this.ask(command, payload)) as Reply<PublishedReply> | undefined;
      if (reply?.ok) return reply.data;
      if (this.isPointless(reply?.error)) return undefined;
      await this.beforeRetry(command, reply?.error);
    }
    return undefined;
  }

  async #run(): Promise<void> {
    while (!this.finishing && !this.isStopped) {
      if (!this.paused) await this.writeOne();
      if (this.random.chance(0.01)) this.move();
      await pause(this.everyMs * (0.5 + this.random.next()));
    }
    this.#finished();
  }
}

const isSame = (a: Position, b: Position) => a.epoch === b.epoch && a.offset === b.offset;

/** Writes messages one after the other, each until it is accepted; now and then several without waiting. */
export class Publisher extends Writer {
  #count = 0;

  protected async writeOne(): Promise<void> {
    const count = this.random.chance(0.1) ? this.random.between(2, 8) : 1;
    await this.publish(
      "chat_message",
      Array.from({ length: count }, () => this.#message()),
    );
  }

  #message(): Publication {
    const { conversationId } = this;
    const id = `${this.name}-${++this.#count}`;
    const text = `${id} ${"x".repeat(this.random.between(0, 200))}`;
    return { id, text, payload: { conversationId, id, message: text } };
  }
}

/**
 * Streams responses piece by piece. A piece whose fate is not known is not sent again: the end has the whole text. Some
 * responses it leaves without an end, as an agent does that dies, and some are stopped: then the server ends them.
 */
export class Agent extends Writer {
  /** The pieces of a response that were answered, and those that were not: they may come late, or never. */
  readonly pieces = new Map<string, { taken: number[]; doubtful: Set<number> }>();
  /** What it is writing. */
  current: string | undefined;
  #count = 0;

  protected async writeOne(): Promise<void> {
    const { conversationId } = this;
    const responseId = `${this.name}-${++this.#count}`;
    this.current = responseId;
    this.pieces.set(responseId, { taken: [], doubtful: new Set() });
    let message = "";
    let state: "writing" | "stopped" | "ended" = "writing";
    for (let left = this.random.between(5, 60), piece = 1; left > 0 && !this.finishing; left--, piece++) {
      message += `${piece} `;
      state = await this.#add(responseId, piece);
      if (state !== "writing") break;
      // Its connection ends, too: as long as that is open, an agent may think for as long as it needs.
      if (this.random.chance(0.005)) return this.move(true);
      if (this.random.chance(0.01)) this.move();
      await pause(this.random.between(0, 60));
    }
    this.current = undefined;
    if (state === "ended") return;
    const status = state === "stopped" ? "cancelled" : "complete";
    message += "end";
    const payload = { conversationId, responseId, message, status };
    await this.publish("chat_response", [{ id: responseId, text: message, payload }]);
  }

  /** What has become of the response by then. */
  async #add(responseId: string, piece: number): Promise<"writing" | "stopped" | "ended"> {
    const { conversationId } = this;
    const pieces = this.pieces.get(responseId);
    while (!this.isStopped) {
      const payload = { conversationId, responseId, delta: `${piece} ` };
      const reply = (await this.ask("chat_response_delta", payload)) as Reply<{ cancel?: boolean }> | undefined;
      if (!reply) {
        pieces?.doubtful.add(piece);
        await pause(100);
        return "writing";
      }
      if (reply.ok) {
        pieces?.taken.push(piece);
        return reply.data.cancel ? "stopped" : "writing";
      }
      if (this.isPointless(reply.error)) return "ended";
      await this.beforeRetry("chat_response_delta", reply.error);
    }
    return "ended";
  }

  /** The server has ended the response. */
  protected override isPointless(error: ReplyError | undefined): boolean {
    return error?.code === "conflict";
  }
}
