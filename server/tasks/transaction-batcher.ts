import { setTimeout as pause } from "node:timers/promises";
import { Rejection } from "../../shared/rejection.ts";
import type { Sender } from "../../shared/sender.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Documents } from "../store/documents/documents.ts";
import type { Transactions } from "../store/documents/transactions.ts";
import type { StoreTime } from "../store/store-time.ts";
import type { Decision, ReadSet, Snapshot } from "./task-records.ts";
import { UnitOfWork } from "./unit-of-work.ts";

export interface TransactionBatcherDeps {
  documents: Documents;
  transactions: Transactions;
  /** For the timestamps of events. */
  clock: Clock;
  /** For the times in documents, and for decisions by them. */
  time: StoreTime;
}

/** A requested change. It is decided on the current documents, and again after each conflict. */
interface Change<Answer> extends ReadSet {
  sender: Sender | null;
  /** Must have no side effects. A thrown `Rejection` refuses this change only. */
  decide(view: Snapshot, now: number): Decision<Answer>;
}

interface Waiting extends ReadSet {
  decide(work: UnitOfWork): Decided;
  reject(error: unknown): void;
}

interface Decided {
  /** Resolves or rejects the change; to be called when the transaction is committed. */
  settle(): void;
  /**
   * The decision failed with an unexpected error. Kinds of documents are read one after another, so a task may be older
   * than its stream, which no decision expects: it is worth reading them again.
   */
  isDoubtful: boolean;
}

/** The limits of one transaction: changes, and characters of JSON. A change with more characters is committed alone. */
const maxChanges = 100;
const maxLength = 524_288;
/** Real contention never causes so many conflicts in a row; only a bug does. */
const maxConflicts = 50;
const longestPauseMs = 32;
/** How often documents are read again after an unexpected error. If it persists, it is a bug. */
const doubts = 5;

/**
 * Commits changes of tasks, streams and checkpoints, in the order of the calls.
 *
 * Changes that arrive while a transaction is under way are committed together in the next one. So the changes of one
 * instance never conflict with each other, and a thousand at once take about ten transactions. After a conflict with
 * another instance all are decided again on the current documents.
 */
export class TransactionBatcher {
  readonly #deps: TransactionBatcherDeps;
  #waiting: Waiting[] = [];
  #isRunning = false;
  #atOnce = maxChanges;

  constructor(deps: TransactionBatcherDeps) {
    this.#deps = deps;
  }

  /** Resolves when the change is committed. Rejects with `unavailable` if it could not be. */
  change<Answer>({ sender, decide, ...reads }: Change<Answer>): Promise<Answer> {
    const { clock, time } = this.#deps;
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        ...reads,
        reject,
        decide: (work) => {
          try {
            const outcome = decide(work, time.now());
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
    // So that changes of the same turn are in the first transaction.
    await undefined;
    let conflicts = 0;
    while (this.#waiting.length > 0) {
      try {
        const isKept = await this.#keepSome(conflicts < doubts);
        conflicts = isKept ? 0 : conflicts + 1;
        // After a conflict a smaller transaction is tried, which is faster and so less likely to conflict.
        const fewer = Math.ceil(Math.min(this.#atOnce, this.#waiting.length) / 2);
        this.#atOnce = isKept ? Math.min(maxChanges, this.#atOnce * 2) : fewer;
        if (conflicts > maxConflicts) {
          conflicts = 0;
          this.#reject(this.#atOnce, new Rejection("unavailable", "Changed by too many at once. Try again."));
        }
        // A random pause, so that the same instances do not conflict again.
        if (!isKept) await pause(Math.random() * Math.min(longestPauseMs, 2 ** conflicts));
      } catch (error) {
        conflicts = 0;
        // The changes behind would fail too, so they are refused now, within the time that the protocol promises.
        this.#reject(this.#waiting.length, error);
      }
    }
    this.#isRunning = false;
  }

  #reject(count: number, error: unknown): void {
    for (const { reject } of this.#waiting.splice(0, count)) reject(error);
  }

  /** Commits the first of the waiting changes. `false`: there was a conflict, and nothing has changed. */
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
