import type { Cancel } from "../connection/environment.ts";
import { type OnDispatch, RunningWork, type Work, type WorkPorts } from "./work.ts";

export interface WorksOptions {
  /** How much is done at once. */
  concurrency: number;
  onDispatch: OnDispatch;
  portsOf(work: Work): WorkPorts;
}

/** All that an agent works on, by the id of its dispatch. */
export class Works {
  readonly #options: WorksOptions;
  readonly #running = new Map<string, RunningWork>();
  #idle: (() => void)[] = [];

  constructor(options: WorksOptions) {
    this.#options = options;
  }

  get ids(): string[] {
    return [...this.#running.keys()];
  }

  /** As the server is told of them. */
  get attempts() {
    return [...this.#running.values()].map(({ attempt }) => attempt);
  }

  /** Begins it, if there is room and `isWilling`. Returns whether it is being done. */
  take(work: Work, isWilling: boolean): boolean {
    const { messageId, attempt } = work;
    const known = this.#running.get(messageId);
    // Told twice of the same, it is done once.
    if (known?.work.attempt === attempt) return true;
    const { concurrency, onDispatch, portsOf } = this.#options;
    if (!isWilling || known || this.#running.size >= concurrency) return false;
    const running = new RunningWork(work, portsOf(work));
    this.#running.set(messageId, running);
    // Not before whoever asked has the answer.
    queueMicrotask(() => void running.run(onDispatch).then(() => this.#ended(messageId, running)));
    return true;
  }

  drop(messageIds: readonly string[], reason: string): void {
    for (const messageId of messageIds) {
      this.#running.get(messageId)?.drop(reason);
      // It may be given to us again, before what was dropped has noticed.
      this.#running.delete(messageId);
    }
    this.#tellIfIdle();
  }

  /** Calls it once nothing is worked on: at once, or later. */
  onceIdle(tell: () => void): Cancel {
    this.#idle.push(tell);
    this.#tellIfIdle();
    return () => {
      this.#idle = this.#idle.filter((other) => other !== tell);
    };
  }

  #ended(messageId: string, running: RunningWork): void {
    if (this.#running.get(messageId) === running) this.#running.delete(messageId);
    this.#tellIfIdle();
  }

  #tellIfIdle(): void {
    if (this.#running.size > 0) return;
    for (const tell of this.#idle.splice(0)) tell();
  }
}
