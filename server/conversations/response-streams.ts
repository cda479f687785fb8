import type { Position } from "../../shared/position.ts";
import { Rejection } from "../../shared/rejection.ts";
import type { Publisher } from "../publish/publisher.ts";
import type { Failed } from "../runtime/failed.ts";
import { KeyedQueue } from "../runtime/keyed-queue.ts";
import type { Session } from "../session/session.ts";
import type { EventLog } from "../store/log/event-log.ts";
import { DeltaRollup, type DeltaRollupOptions } from "./delta-rollup.ts";
import { readResponse } from "./response-end.ts";
import type { ResponseRef } from "./response-records.ts";

export interface ResponseStreamsDeps {
  log: Pick<EventLog, "readBack" | "bounds">;
  publisher: Publisher;
  failed: Failed;
}

export interface Author {
  /** An author goes on with its own stream, over whatever connection; that of another author ends first. */
  id: string;
  /** The connection that writes. When it ends, the stream ends here, and may go on at another instance. */
  session: Session;
}

/** What the events of a stream have in common. `after`: as in `ReadOptions` of response-end.ts. */
export interface StreamStart extends Omit<DeltaRollupOptions, "publisher" | "nextIndex" | "failed"> {
  after?: Position | undefined;
  /** Set if the response has a lease, which is renewed while the stream is here. */
  leased?: ResponseRef;
  isCancelled?: boolean;
  /** The response has no events in the log yet. */
  isNew?: boolean;
}

interface Stream {
  rollup: DeltaRollup;
  author: Author;
  leased: ResponseRef | undefined;
  /** A member has cancelled the response. */
  isCancelled: boolean;
  /** The response may have ended, or continue elsewhere: the next delta calls `begin` again. */
  isDoubtful: boolean;
}

/** A stream whose response has a lease. */
export interface LeasedStream extends Readonly<Pick<Stream, "author" | "isCancelled">> {
  key: string;
  response: ResponseRef;
}

/** The responses that are being written at this instance, part by part; each under a key of its own. */
export class ResponseStreams {
  readonly #deps: ResponseStreamsDeps;
  readonly #queue = new KeyedQueue<string>();
  readonly #streams = new Map<string, Stream>();
  readonly #bySession = new Map<Session, Set<string>>();

  constructor(deps: ResponseStreamsDeps) {
    this.#deps = deps;
  }

  /** How many streams a connection writes. */
  countOf(session: Session): number {
    return this.#bySession.get(session)?.size ?? 0;
  }

  /**
   * Resolves when the part is taken, with whether the response is cancelled; the part goes out with others within 40 ms.
   * Without a part the stream only begins. `begin` is asked when the author has no stream here, and may reject.
   */
  async write(
    key: string,
    author: Author,
    delta: string | undefined,
    begin: () => Promise<StreamStart>,
  ): Promise<{ isCancelled: boolean }> {
    const stream = await this.inOrder(key, async () => {
      const known = this.#streams.get(key);
      const goesOn = known?.author.id === author.id && !known.rollup.ended && !known.isDoubtful;
      const stream = goesOn ? known : await this.#open(key, author, await begin());
      this.#assign(key, stream, author);
      return stream;
    });
    if (delta !== undefined) await stream.rollup.add(delta);
    return stream;
  }

  /** The streams here whose responses have leases. */
  leased(): LeasedStream[] {
    return [...this.#streams].flatMap(([key, { leased: response, author, isCancelled }]) =>
      response ? [{ key, response, author, isCancelled }] : [],
    );
  }

  /** Replies to deltas ask the author to stop from now on. */
  cancel(key: string): void {
    const stream = this.#streams.get(key);
    if (stream) stream.isCancelled = true;
  }

  /** The next delta calls `begin` again. */
  doubt(key: string): void {
    const stream = this.#streams.get(key);
    if (stream) stream.isDoubtful = true;
  }

  /** Runs the operations on one response one after another: a delta that arrives while it ends waits for the end. */
  inOrder<T>(key: string, run: () => Promise<T>): Promise<T> {
    return this.#queue.run(key, run);
  }

  /** Publishes the deltas that are gathered here, and forgets the stream. */
  async flushAndClose(key: string): Promise<void> {
    await this.inOrder(key, () => this.close(key));
  }

  /** The same, to be called in order. Resolves with the index of the next delta, as far as it is known here. */
  async close(key: string): Promise<number> {
    const stream = this.#streams.get(key);
    if (!stream) return 0;
    await stream.rollup.end();
    this.#streams.delete(key);
    this.#bySession.get(stream.author.session)?.delete(key);
    return stream.rollup.nextIndex;
  }

  /** Publishes the gathered deltas; the stream goes on. To be called in order. Rejects with `unavailable`. */
  async writeOut(key: string): Promise<void> {
    await this.#streams.get(key)?.rollup.flush();
  }

  /** The same for all streams. */
  async flush(): Promise<void> {
    await Promise.allSettled([...this.#streams.keys()].map((key) => this.flushAndClose(key)));
  }

  async #open(
    key: string,
    author: Author,
    { after, leased, isCancelled = false, isNew = false, ...start }: StreamStart,
  ): Promise<Stream> {
    // What another author has left here is in the log before the numbers go on.
    const written = await this.close(key);
    const { log, publisher, failed } = this.#deps;
    const { room, responseId, attempt } = start;
    const isUnwritten = isNew && written === 0;
    const tail = isUnwritten ? undefined : await readResponse(log, room, responseId, { attempt, after });
    // An agent learns the end of an attempt from the step of its dispatch.
    if (tail?.end && attempt === undefined) throw new Rejection("conflict", `Response ${responseId} has ended.`);
    const rollup = new DeltaRollup({ ...start, publisher, nextIndex: tail?.nextIndex ?? 0, failed });
    return { rollup, author, leased, isCancelled, isDoubtful: false };
  }

  #assign(key: string, stream: Stream, author: Author): void {
    const { session } = author;
    const before = this.#streams.get(key)?.author.session;
    if (before && before !== session) this.#bySession.get(before)?.delete(key);
    stream.author = author;
    this.#streams.set(key, stream);
    const keys = this.#bySession.get(session);
    if (keys) return void keys.add(key);
    this.#bySession.set(session, new Set([key]));
    session.onClose(() => this.#closeOf(session));
  }

  async #closeOf(session: Session): Promise<void> {
    const keys = [...(this.#bySession.get(session) ?? [])];
    this.#bySession.delete(session);
    const isItsOwn = (key: string) => this.#streams.get(key)?.author.session === session;
    await Promise.all(keys.map((key) => this.inOrder(key, async () => isItsOwn(key) && this.close(key))));
  }
}
