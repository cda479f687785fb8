import type { Cancel } from "../connection/environment.ts";
import { type OnDispatch, RunningWork, type Work, type WorkPorts } from "./running-work.ts";

interface WorkPoolOptions {
  /** Dispatches carried out at the same time, at most. */
  concurrency: number;
  onDispatch: OnDispatch;
  portsFor(work: Work): WorkPorts;
}

/** The dispatches that an agent is working on, by id. */
export class WorkPool {
  readonly #options: WorkPoolOptions;
  readonly #running = new Map<string, RunningWork>();
  #idle: (() => void)[] = [];

  constructor(options: WorkPoolOptions) {
    this.#options = options;
  }

  get ids(): string[] {
    return [...this.#running.keys()];
  }

  /** Ids and attempt numbers, as reported to the server. */
  get attempts() {
    return [...this.#running.values()].map(({ attempt }) => attempt);
  }

  /** Starts the work if `isAccepting` and below the concurrency limit. Returns whether it is running. */
  accept(work: Work, isAccepting: boolean): boolean {
    const { messageId, attempt } = work;
    const known = this.#running.get(messageId);
    // The same attempt may be delivered twice; it runs once.
    if (known?.work.attempt === attempt) return true;
    const { concurrency, onDispatch, portsFor } = this.#options;
    if (!isAccepting || known || this.#running.size >= concurrency) return false;
    const running = new RunningWork(work, portsFor(work));
    this.#running.set(messageId, running);
    // After the acknowledgement has been sent.
    queueMicrotask(() => void running.run(onDispatch).then(() => this.#ended(messageId, running)));
    return true;
  }

  abort(messageIds: readonly string[], reason: string): void {
    for (const messageId of messageIds) {
      this.#running.get(messageId)?.abort(reason);
      // The same dispatch may be assigned again before the aborted work has ended.
      this.#running.delete(messageId);
    }
    this.#notifyIfIdle();
  }

  /** Calls the listener once, as soon as no work is running. */
  onceIdle(listener: () => void): Cancel {
    this.#idle.push(listener);
    this.#notifyIfIdle();
    return () => {
      this.#idle = this.#idle.filter((other) => other !== listener);
    };
  }

  #ended(messageId: string, running: RunningWork): void {
    if (this.#running.get(messageId) === running) this.#running.delete(messageId);
    this.#notifyIfIdle();
  }

  #notifyIfIdle(): void {
    if (this.#running.size > 0) return;
    for (const listener of this.#idle.splice(0)) listener();
  }
}
