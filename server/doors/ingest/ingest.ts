import { ulid } from "ulid";
import type { UserId } from "../../../shared/ids.ts";
import { Rejection } from "../../../shared/rejection.ts";
import { type ReplyError, replyError } from "../../../shared/reply.ts";
import type { Logger } from "../../observe/logger.ts";
import type { Admitted, Author, Publications } from "../../publications/publications.ts";
import { type IngestEntry, type IngestStream, type Outcome, readerLeaseMs } from "../../store/ingest-stream.ts";
import { type EntryLimits, readEntry } from "./read-entry.ts";

export interface IngestDeps {
  stream: IngestStream;
  publications: Publications;
  limits: EntryLimits;
  logger: Logger;
}

/** Whoever may write to the store is a backend; readers are shown no sender. */
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

/** An entry, and what may be done with it: nothing, where it was deleted meanwhile. */
interface Looked {
  entry: IngestEntry;
  admitted?: Admitted;
  rejected?: ReplyError;
}

const batch = 100;
/** How long to wait when there was nothing. It asks rather than waits: a waiting command takes a connection of its own. */
const idleMs = 75;
/** How long to wait while another instance reads. */
const otherReaderMs = 250;
const retryMs = 500;
/** So long before the lease ends nothing more is begun: another instance may have taken over when it is done. */
const leaseReserveMs = 2_000;

/** Publishes what other programs write to the ingest stream: each entry once, in their order. */
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

  /** Takes nothing more, and resolves when another instance may go on. */
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
          // Every attempt fails while the store is away; the first says it all.
          if (!this.#isFailing) this.#deps.logger.warn("could not read the ingest stream; retrying", { error });
          this.#isFailing = true;
          return retryMs;
        },
      );
      if (waitMs > 0) await this.#pause(waitMs);
    }
    // Should the store be out of reach, the lease ends by itself.
    await this.#deps.stream.release().catch(() => {});
  }

  /** Publishes one batch. Resolves with how long to wait for the next. */
  async #step(): Promise<number> {
    const takenAt = performance.now();
    const entries = await this.#deps.stream.take(batch);
    if (!entries) return otherReaderMs;
    const looked: Looked[] = [];
    for (const entry of entries) looked.push(await this.#lookAt(entry));

    const outcomes: Outcome[] = [];
    try {
      for (const group of groupsOf(looked)) {
        // What is left is not settled, and taken again.
        if (performance.now() - takenAt > readerLeaseMs - leaseReserveMs) break;
        outcomes.push(...(await this.#publish(group)));
      }
    } finally {
      if (outcomes.length > 0) await this.#deps.stream.settle(outcomes);
    }
    return entries.length > 0 ? 0 : idleMs;
  }

  async #lookAt(entry: IngestEntry): Promise<Looked> {
    const { publications, limits } = this.#deps;
    const { id, fields } = entry;
    if (!fields) return { entry };
    try {
      const event = readEntry(fields, limits);
      // An entry that comes again, because it could not be settled, has the same key.
      const options = event.id ? {} : { dedupe: `ingest:${id}` };
      return { entry, admitted: await publications.admit(event, author, options) };
    } catch (error) {
      return { entry, rejected: this.#rejectionOf(error, entry) };
    }
  }

  async #publish(group: readonly Looked[]): Promise<Outcome[]> {
    const { publications } = this.#deps;
    const [first] = group;
    if (first && isByItself(first)) {
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

  /** Why the entry will never be published. Throws what may pass: then the entry is tried again. */
  #rejectionOf(error: unknown, { id }: IngestEntry): ReplyError {
    if (error instanceof Rejection) {
      if (error.error.retryable) throw error;
      return error.error;
    }
    const errorId = ulid();
    this.#deps.logger.error("ingest failed", { errorId, entry: id, error });
    return replyError("internal", "The server failed to publish this. Its log says why.", { errorId });
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

const isByItself = ({ admitted }: Looked) => admitted !== undefined && !admitted.keepsOrder;

/** What goes to the store in its order goes there together, and the rest one by one. */
function groupsOf(looked: readonly Looked[]): Looked[][] {
  const groups: Looked[][] = [];
  for (const one of looked) {
    const group = groups.at(-1);
    if (group && !isByItself(one) && !group.some(isByItself)) group.push(one);
    else groups.push([one]);
  }
  return groups;
}
