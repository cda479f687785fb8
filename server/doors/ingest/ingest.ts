import { ulid } from "ulid";
import type { UserId } from "../../../shared/ids.ts";
import { Rejection } from "../../../shared/rejection.ts";
import { type ReplyError, replyError } from "../../../shared/reply.ts";
import type { Logger } from "../../observe/logger.ts";
import type { Admitted, Author, Publications } from "../../publications/publications.ts";
import type { Failed } from "../../runtime/failed.ts";
import { type IngestEntry, type IngestStream, type Outcome, readerLeaseMs } from "../../store/ingest-stream.ts";
import { type EntryLimits, readEntry } from "./read-entry.ts";

interface IngestDeps {
  stream: IngestStream;
  publications: Publications;
  limits: EntryLimits;
  logger: Logger;
  failed: Failed;
}

/** A program with access to the store counts as a backend; its events have no sender. */
const author: Author = {
  principal: {
    userId: "ingest" as UserId,
    name: null,
    roles: ["service"],
    grants: [],
    sessionId: null,
    tokenId: null,
    expiresAt: Number.POSITIVE_INFINITY,
  },
  sender: null,
};

/** An entry and the result of its check: neither field if the entry was deleted meanwhile. */
interface CheckedEntry {
  entry: IngestEntry;
  admitted?: Admitted;
  rejected?: ReplyError;
}

const batch = 100;
/** Poll interval when the stream is empty. Polling, since a blocking read needs a connection of its own. */
const idleMs = 75;
/** Poll interval while another instance reads. */
const otherReaderMs = 250;
const retryMs = 500;
/** No work begins this close to the end of the lease, since another instance may have taken over when it is done. */
const leaseReserveMs = 2_000;

/** Publishes the entries that other programs write to the ingest stream, each once and in order. */
export class Ingest {
  readonly #deps: IngestDeps;
  readonly #running: Promise<void>;
  #isStopping = false;
  #wake: () => void = () => {};
  #isFailing = false;

  constructor(deps: IngestDeps) {
    this.#deps = deps;
    this.#running = this.#run();
  }

  /** Stops taking entries. Resolves when another instance may take over. */
  async close(): Promise<void> {
    this.#isStopping = true;
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      const waitMs = await this.#step().then(
        (ms) => {
          this.#isFailing = false;
          return ms;
        },
        (error: unknown) => {
          // While the store is away every attempt fails the same way: log the first.
          if (!this.#isFailing) this.#deps.failed("read the ingest stream", error, { willRetry: true });
          this.#isFailing = true;
          return retryMs;
        },
      );
      if (waitMs > 0) await this.#pause(waitMs);
    }
    // If the store cannot be reached, the lease expires by itself.
    await this.#deps.stream.release().catch(() => {});
  }

  /** Publishes one batch. Resolves with the milliseconds until the next. */
  async #step(): Promise<number> {
    const takenAt = performance.now();
    const entries = await this.#deps.stream.take(batch);
    if (!entries) return otherReaderMs;
    const checked: CheckedEntry[] = [];
    for (const entry of entries) checked.push(await this.#check(entry));

    const outcomes: Outcome[] = [];
    try {
      for (const group of groupsOf(checked)) {
        // The remaining entries stay unsettled, and are taken again.
        if (performance.now() - takenAt > readerLeaseMs - leaseReserveMs) break;
        outcomes.push(...(await this.#publish(group)));
      }
    } finally {
      if (outcomes.length > 0) await this.#deps.stream.settle(outcomes);
    }
    return entries.length > 0 ? 0 : idleMs;
  }

  async #check(entry: IngestEntry): Promise<CheckedEntry> {
    const { publications, limits } = this.#deps;
    const { id, fields } = entry;
    if (!fields) return { entry };
    try {
      const event = readEntry(fields, limits);
      // An entry that is taken again, because it was not settled, has the same key.
      const options = event.id ? {} : { dedupe: `ingest:${id}` };
      return { entry, admitted: await publications.admit(event, author, options) };
    } catch (error) {
      return { entry, rejected: this.#rejectionOf(error, entry) };
    }
  }

  async #publish(group: readonly CheckedEntry[]): Promise<Outcome[]> {
    const { publications } = this.#deps;
    const [first] = group;
    if (first && mustGoAlone(first)) {
      const { entry, admitted } = first;
      try {
        await admitted?.publish();
        return [{ entry }];
      } catch (error) {
        return [{ entry, rejected: this.#rejectionOf(error, entry) }];
      }
    }
    await publications.publishAll(group.flatMap(({ admitted }) => admitted ?? []));
    return group.map(({ entry, rejected }) => (rejected ? { entry, rejected } : { entry }));
  }

  /** Why the entry will never be published. Rethrows errors that may pass, so that the entry is retried. */
  #rejectionOf(error: unknown, { id }: IngestEntry): ReplyError {
    if (error instanceof Rejection) {
      if (error.error.retryable) throw error;
      return error.error;
    }
    const errorId = ulid();
    this.#deps.logger.error("ingest failed", { errorId, entry: id, error });
    return replyError("internal", "The server failed to publish this event. Its log has the reason.", { errorId });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

const mustGoAlone = ({ admitted }: CheckedEntry) => admitted !== undefined && !admitted.keepsOrder;

/** Consecutive entries that keep their order form a group, which is published together; others form groups of one. */
function groupsOf(checked: readonly CheckedEntry[]): CheckedEntry[][] {
  const groups: CheckedEntry[][] = [];
  for (const entry of checked) {
    const group = groups.at(-1);
    if (group && !mustGoAlone(entry) && !group.some(mustGoAlone)) group.push(entry);
    else groups.push([entry]);
  }
  return groups;
}
