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
  /** How long a response stays open without a sign of life from its producer. */
  leaseMs: number;
  failed: Failed;
}

/** Limits the size of one command to the store. */
const batch = 200;

/**
 * Renews the leases of the responses that are written at this instance, for as long as their producers are connected.
 * Also finds the cancellations and ends whose broadcasts this instance has missed.
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
      // Broadcasts may have been missed.
      if (message.kind === "recheck") void this.renew();
    });
  }

  /** Whether the leases may have expired, so that other instances may have ended the responses. */
  get isOverdue(): boolean {
    return performance.now() - this.#renewedAt > this.#deps.leaseMs;
  }

  /** Renews all leases once, and once more if it is called during that. Never rejects. */
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
    // Before the first await: deltas may arrive before the store answers.
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
    // A cancelled response keeps the short lease that it got then.
    const renewed = some.filter(({ isCancelled }) => !isCancelled);
    await leases.set(
      "responses",
      renewed.map(({ key }) => ({ id: key, inMs: leaseMs })),
    );
    // The records are read after the leases are set, and a cancellation writes the record first and then the lease, so
    // that the short lease of a simultaneous cancellation always prevails.
    const found = await records.getMany(some.map(({ response }) => response));
    const cancelled = some.filter((stream, index) => this.#compare(stream, found[index]));
    await leases.hasten(
      "responses",
      cancelled.map(({ key }) => ({ id: key, inMs: cancelGraceMs })),
    );
  }

  /** Returns whether the response is cancelled and has not ended. */
  #compare({ key, response, author, isCancelled }: LeasedStream, record: ResponseRecord | undefined): boolean {
    const { streams } = this.#deps;
    // The store has lost the record: the next delta creates it again.
    if (!record) streams.doubt(key);
    const isOver = record?.ending !== undefined || record?.final !== undefined;
    // The next delta is refused with the reason.
    if (isOver) void streams.flushAndClose(key);
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
