import type { LoggedEnvelope } from "../../shared/envelope.ts";
import type { Position } from "../../shared/position.ts";
import { Rejection } from "../../shared/rejection.ts";
import type { LogName } from "../../shared/room.ts";
import type { Failed } from "../runtime/failed.ts";
import type { EventLog } from "../store/log/event-log.ts";
import {
  type SequencerEffect,
  type SequencerInput,
  type SequencerState,
  sequence,
  startSequencer,
} from "./sequencer.ts";

export interface LogTailDeps {
  log: EventLog;
  /** Called once for each event, in log order. */
  deliver(event: LoggedEnvelope): void;
  /** History that subscribers had not received is gone; delivery continues after `position`. */
  reset(log: LogName, position: Position, reason: "trimmed" | "epoch_changed"): void;
  /** Reports that the log could not be read; the read is retried. */
  failed: Failed;
}

/** Recent events kept in memory for clients that reconnect after a short interruption. */
const ringSize = 256;
const fetchPage = 500;
const reachTimeoutMs = 5_000;
const retryMs = 1_000;

/** A log that this instance follows, shared by all of its connections in the log's rooms. */
export class LogTail {
  readonly name: LogName;
  readonly #deps: LogTailDeps;
  #state: SequencerState;
  #ring: LoggedEnvelope[] = [];
  readonly #waiters = new Set<{ offset: number; resolve: () => void }>();
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;
  #unfollow: () => void = () => {};

  private constructor(name: LogName, deps: LogTailDeps, state: SequencerState) {
    this.name = name;
    this.#deps = deps;
    this.#state = state;
  }

  /** Follows the log from its current end. */
  static async open(name: LogName, deps: LogTailDeps): Promise<LogTail> {
    const early: LoggedEnvelope[] = [];
    let tail: LogTail | undefined;
    // Follow first, then read the log's end: in the opposite order an append in between would be missed.
    const unfollow = await deps.log.follow(name, {
      announced: (event) => (tail ? tail.#step({ type: "announced", event }) : void early.push(event)),
      interrupted: () => void tail?.check(),
    });
    try {
      tail = new LogTail(name, deps, startSequencer(await deps.log.bounds(name)));
    } catch (error) {
      unfollow();
      throw error;
    }
    tail.#unfollow = unfollow;
    for (const event of early) tail.#step({ type: "announced", event });
    return tail;
  }

  /** The position of the last event delivered. */
  get head(): Position {
    return { epoch: this.#state.epoch, offset: this.#state.head };
  }

  /** The events delivered after `offset`, or `undefined` when they are no longer in memory. */
  eventsAfter(offset: number): LoggedEnvelope[] | undefined {
    const missing = this.#state.head - offset;
    if (missing <= 0) return [];
    return missing <= this.#ring.length ? this.#ring.slice(-missing) : undefined;
  }

  /** Resolves when the logged event at `offset` has been delivered. Rejects with `unavailable` after 5 s. */
  async waitUntil(offset: number): Promise<void> {
    if (this.#state.head >= offset) return;
    await new Promise<void>((resolve, reject) => {
      const waiter = {
        offset,
        resolve: () => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        reject(new Rejection("unavailable", "Events of the log are not being delivered at present. Try again."));
      }, reachTimeoutMs).unref();
      this.#waiters.add(waiter);
      void this.check();
    });
  }

  /** Compares the tail with its log, and delivers events whose announcements were lost. */
  async check(): Promise<void> {
    try {
      this.#step({ type: "checked", bounds: await this.#deps.log.bounds(this.name) });
    } catch (error) {
      this.#failed("compare the delivered events with a log", error);
    }
  }

  close(): void {
    clearTimeout(this.#retry);
    this.#isClosed = true;
    this.#unfollow();
  }

  /** Schedules another check, so that a logged event need not wait for the next announcement. */
  #failed(operation: string, error: unknown): void {
    this.#deps.failed(operation, error, { willRetry: !this.#isClosed, log: this.name });
    clearTimeout(this.#retry);
    if (!this.#isClosed) this.#retry = setTimeout(() => void this.check(), retryMs).unref();
  }

  #step(input: SequencerInput): void {
    const { state, effects } = sequence(this.#state, input);
    this.#state = state;
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: SequencerEffect): void {
    switch (effect.type) {
      case "deliver":
        this.#ring.push(...effect.events);
        if (this.#ring.length > ringSize * 2) this.#ring = this.#ring.slice(-ringSize);
        for (const event of effect.events) this.#deps.deliver(event);
        for (const { offset, resolve } of this.#waiters) if (this.#state.head >= offset) resolve();
        return;
      case "fetch":
        void this.#fetch(effect.after);
        return;
      case "reset":
        this.#ring = [];
        this.#deps.reset(this.name, { epoch: effect.epoch, offset: effect.head }, effect.reason);
    }
  }

  async #fetch(after: number): Promise<void> {
    try {
      this.#step({ type: "fetched", slice: await this.#deps.log.read(this.name, after, fetchPage) });
    } catch (error) {
      this.#step({ type: "fetch_failed" });
      this.#failed("read events from a log", error);
    }
  }
}
