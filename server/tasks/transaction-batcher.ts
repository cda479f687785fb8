import { setTimeout as pause } from "node:timers/promises";
import { Rejection } from "../../shared/rejection.ts";
import type { Sender } from "../../shared/sender.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Documents } from "../store/documents/documents.ts";
import type { Transactions } from "../store/documents/transactions.ts";
import type { Decision, ReadSet, Snapshot } from "./task-records.ts";
import { UnitOfWork } from "./unit-of-work.ts";

export interface TransactionBatcherDeps {
  documents: Documents;
  transactions: Transactions;
  clock: Clock;
}

/** A change that is decided on what is there then, perhaps several times. */
interface Change<Answer> extends ReadSet {
  sender: Sender | null;
  /** Has no effects of its own. A thrown `Rejection` is the answer of this change alone. */
  decide(view: Snapshot, now: number): Decision<Answer>;
}

interface Waiting extends ReadSet {
  decide(work: UnitOfWork): Decided;
  reject(error: unknown): void;
}

interface Decided {
  /** Answers with what it came to; to be called when that is kept. */
  settle(): void;
  /**
   * It failed as it never should. Documents are read one kind after the other: a task from before a change and its
   * stream from after it do not fit together.
   */
  isDoubtful: boolean;
}

/** Changes of one transaction, and the characters that they may come to: a larger one stands alone. */
const maxChanges = 100;
const maxLength = 524_288;
/** A writer that loses so often is not racing, it is broken. */
const maxConflicts = 50;
const longestPauseMs = 32;
/** What does not fit together after so many readings never will. */
const doubts = 5;

/**
 * Carries changes of tasks, streams and checkpoints out, in the order in which they came.
 *
 * What comes while a transaction is under way waits and goes into the next one together, so that the changes of one
 * instance never fight with each other, and a thousand at once cost some ten transactions. Another instance that was
 * faster makes a transaction fail; then it is decided anew on what is there now.
 */
export class TransactionBatcher {
  readonly #deps: TransactionBatcherDeps;
  #waiting: Waiting[] = [];
  #isRunning = false;
  #atOnce = maxChanges;

  constructor(deps: TransactionBatcherDeps) {
    this.#deps = deps;
  }

  /** Resolves when the change is kept. Rejects with `unavailable`, and then it is not. */
  change<Answer>({ sender, decide, ...reads }: Change<Answer>): Promise<Answer> {
    const { clock } = this.#deps;
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        ...reads,
        reject,
        decide: (work) => {
          try {
            const outcome = decide(work, clock.now());
            work.apply(outcome, sender, clock);
            return { settle: () => resolve(outcome.answer), isDoubtful: false };
          } catch (error) {
            return { settle: () => reject(error), isDoubtful: !(error instanceof Rejection) };
          }
        },
      });
      if (!this.#isRunning) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // What comes in the same turn goes with it.
    await undefined;
    let conflicts = 0;
    while (this.#waiting.length > 0) {
      try {
        const isKept = await this.#keepSome(conflicts < doubts);
        conflicts = isKept ? 0 : conflicts + 1;
        // The fewer it decides on, the sooner it is back, and the likelier it is to be first.
        const fewer = Math.ceil(Math.min(this.#atOnce, this.#waiting.length) / 2);
        this.#atOnce = isKept ? Math.min(maxChanges, this.#atOnce * 2) : fewer;
        if (conflicts > maxConflicts) {
          conflicts = 0;
          this.#reject(this.#atOnce, new Rejection("unavailable", "Changed by too many at once. Try again."));
        }
        // The instances must not meet again in step.
        if (!isKept) await pause(Math.random() * Math.min(longestPauseMs, 2 ** conflicts));
      } catch (error) {
        conflicts = 0;
        // Nor would those behind fare better: whoever waits for a store is told so in time.
        this.#reject(this.#waiting.length, error);
      }
    }
    this.#isRunning = false;
  }

  #reject(count: number, error: unknown): void {
    for (const { reject } of this.#waiting.splice(0, count)) reject(error);
  }

  /** The first of those that wait. `false`: another instance was faster, and nothing has changed. */
  async #keepSome(mayDoubt: boolean): Promise<boolean> {
    const { documents, transactions } = this.#deps;
    const first = this.#waiting.slice(0, this.#atOnce);
    const work = await UnitOfWork.read(documents, first);
    const decided: Decided[] = [];
    for (const waiting of first) {
      decided.push(waiting.decide(work));
      if (work.length > maxLength) break;
    }
    if (mayDoubt && decided.some(({ isDoubtful }) => isDoubtful)) return false;
    const { transaction } = work;
    if (transaction.documents.length > 0 && !(await transactions.commit(transaction))) return false;
    this.#waiting.splice(0, decided.length);
    for (const { settle } of decided) settle();
    return true;
  }
}
