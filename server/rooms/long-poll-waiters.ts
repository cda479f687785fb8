import type { Envelope } from "../../shared/envelope.ts";
import type { ChannelMatcher } from "../deliver/channel-matcher.ts";
import type { Sink } from "../deliver/sink.ts";
import type { Channel } from "../session/channel.ts";

/** What ended a wait. */
export type Woken = "event" | "over";

/** Requests that wait for an event of a channel: a way out that wakes them, and leaves the reading to them. */
export class LongPollWaiters implements Sink {
  readonly #matcher: ChannelMatcher;
  readonly #waiting = new Map<Channel, Set<() => void>>();
  /** What ends each wait, with its end. */
  readonly #all = new Map<() => void, Promise<Woken>>();
  #isOver = false;

  constructor({ matcher }: { matcher: ChannelMatcher }) {
    this.#matcher = matcher;
  }

  deliver({ position }: Pick<Envelope, "position">, channels: readonly Channel[]): void {
    // What is in no log is not there to be read.
    if (!position) return;
    for (const channel of channels) for (const wake of [...(this.#waiting.get(channel) ?? [])]) wake();
  }

  /** From this moment on; for so many milliseconds at most, or until `signal` or `endAll`. */
  wait(channels: readonly Channel[], ms: number, signal: AbortSignal): Promise<Woken> {
    if (this.#isOver || signal.aborted) return Promise.resolve("over");
    let over = () => {};
    const woken = new Promise<Woken>((resolve) => {
      const end = (woken: Woken) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", over);
        this.#all.delete(over);
        for (const channel of channels) this.#leave(channel, wake);
        resolve(woken);
      };
      const wake = () => end("event");
      over = () => end("over");
      const timer = setTimeout(over, ms);
      signal.addEventListener("abort", over);
      for (const channel of channels) this.#enter(channel, wake);
    });
    this.#all.set(over, woken);
    return woken;
  }

  /** Those who wait now do so for as many milliseconds more as each is given. Resolves when nobody does, now or later. */
  async drain(delayMs: () => number): Promise<void> {
    this.#isOver = true;
    const waits = [...this.#all].map(async ([over, woken]) => {
      const timer = setTimeout(over, delayMs());
      await woken;
      clearTimeout(timer);
    });
    await Promise.all(waits);
  }

  /** Nobody waits any longer, now or later. */
  endAll(): void {
    this.#isOver = true;
    for (const over of [...this.#all.keys()]) over();
  }

  #enter(channel: Channel, wake: () => void): void {
    this.#waiting.set(channel, (this.#waiting.get(channel) ?? new Set()).add(wake));
    this.#matcher.added(channel);
  }

  #leave(channel: Channel, wake: () => void): void {
    const waiting = this.#waiting.get(channel);
    if (!waiting?.delete(wake)) return;
    if (waiting.size === 0) this.#waiting.delete(channel);
    this.#matcher.removed(channel);
  }
}
