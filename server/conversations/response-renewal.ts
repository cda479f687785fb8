import type { Broadcast } from "../deliver/broadcast.ts";
import type { Failed } from "../runtime/failed.ts";
import type { Leases } from "../store/leases.ts";
import { cancelGraceMs } from "./abandoned-responses.ts";
import { isEndedByServer, type ResponseRecord, type ResponseRecords } from "./response-records.ts";
import type { LeasedStream, ResponseStreams } from "./response-streams.ts";

interface ResponseRenewalDeps {
  leases: Leases;
  records: ResponseRecords;
  streams: ResponseStreams;
  broadcast: Broadcast;
  /** How long a response goes on without a sign of life of its producer. */
  leaseMs: number;
  failed: Failed;
}

/** How many responses are renewed at once. */
const batch = 200;

/**
 * Renews the leases of the responses that are written here, for as long as the connections of their producers last, and
 * learns what this instance could not hear: that a response was cancelled, or has been ended.
 */
export class ResponseRenewal {
  readonly #deps: ResponseRenewalDeps;
  readonly #timer: NodeJS.Timeout;
  #renewing: Promise<void> | undefined;
  #isAskedAgain = false;
  #renewedAt = performance.now();

  constructor(deps: ResponseRenewalDeps) {
    this.#deps = deps;
    this.#timer = setInterval(() => void this.renew(), deps.leaseMs / 4).unref();
    deps.broadcast.listen((message) => {
      if (message.kind === "tell" && message.response !== undefined) deps.streams.cancel(message.response);
      // What was told meanwhile may not have been heard.
      if (message.kind === "recheck") void this.renew();
    });
  }

  /** Whether the leases may have run out, so that other instances may have ended what is written here. */
  get isOverdue(): boolean {
    return performance.now() - this.#renewedAt > this.#deps.leaseMs;
  }

  /** Renews all leases once; asked while it does so, it does so again. Never rejects. */
  renew(): Promise<void> {
    this.#isAskedAgain = this.#renewing !== undefined;
    this.#renewing ??= this.#renewAll().finally(() => {
      this.#renewing = undefined;
      if (this.#isAskedAgain) void this.renew();
    });
    return this.#renewing;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#isAskedAgain = false;
    await this.#renewing;
  }

  async #renewAll(): Promise<void> {
    const { streams, failed } = this.#deps;
    const all = streams.leased();
    const startedAt = performance.now();
    // Known before the store has answered: a part may come first.
    if (this.isOverdue) for (const { key } of all) streams.doubt(key);
    try {
      for (let from = 0; from < all.length; from += batch) await this.#renewSome(all.slice(from, from + batch));
      this.#renewedAt = startedAt;
    } catch (error) {
      failed("renew the leases of responses", error, { willRetry: true });
    }
  }

  async #renewSome(some: readonly LeasedStream[]): Promise<void> {
    const { leases, records, leaseMs } = this.#deps;
    // One that is to be stopped keeps the time that its producer has left for that.
    const renewed = some.filter(({ isCancelled }) => !isCancelled);
    await leases.set(
      "responses",
      renewed.map(({ key }) => ({ id: key, inMs: leaseMs })),
    );
    // After the leases: who cancels does it the other way round, so that one of the two sees what the other has done.
    const found = await records.getMany(some.map(({ response }) => response));
    const cancelled = some.filter((stream, index) => this.#compare(stream, found[index]));
    await leases.hasten(
      "responses",
      cancelled.map(({ key }) => ({ id: key, inMs: cancelGraceMs })),
    );
  }

  /** Whether the producer has been asked to stop, and has not yet. */
  #compare({ key, response, author, isCancelled }: LeasedStream, record: ResponseRecord | undefined): boolean {
    const { streams } = this.#deps;
    // The store has lost the record: the next part brings it back.
    if (!record) streams.doubt(key);
    const isOver = record?.ending !== undefined || record?.final !== undefined;
    // The next part is refused, with the reason.
    if (isOver) void streams.release(key);
    const reason = record && reasonToStop(record);
    if (reason === undefined) return false;
    if (!isCancelled) author.session.send("cancel", { messageId: response.responseId, reason });
    streams.cancel(key);
    return !isOver;
  }
}

function reasonToStop(record: ResponseRecord): string | undefined {
  if (isEndedByServer(record)) return record.ending?.reason;
  return record.final ? undefined : record.cancelled;
}
