import type { Envelope } from "../../shared/envelope.ts";
import type { ChannelMatcher } from "../deliver/channel-matcher.ts";
import type { Sink } from "../deliver/sink.ts";
import { type Wait, Waiters } from "../runtime/waiters.ts";
import type { Channel } from "../session/channel.ts";

/** HTTP requests that wait for an event of a channel. As a sink it only wakes them; they read the event themselves. */
export class LongPollWaiters implements Sink {
  readonly #matcher: ChannelMatcher;
  readonly #waiters = new Waiters<Channel, "event">();

  constructor({ matcher }: { matcher: ChannelMatcher }) {
    this.#matcher = matcher;
  }

  deliver({ position }: Pick<Envelope, "position">, channels: readonly Channel[]): void {
    // An event that is in no log cannot be read.
    if (!position) return;
    for (const channel of channels) this.#waiters.wake(channel, "event");
  }

  /** As `Waiters.wait`. */
  async wait<T>(channels: readonly Channel[], ms: number, run: (wait: Wait<"event">) => Promise<T>): Promise<T> {
    for (const channel of channels) this.#matcher.added(channel);
    try {
      return await this.#waiters.wait(channels, ms, run);
    } finally {
      for (const channel of channels) this.#matcher.removed(channel);
    }
  }

  /** As `Waiters.drain`. */
  drain(delayMs: () => number): Promise<void> {
    return this.#waiters.drain(delayMs);
  }

  close(): void {
    this.#waiters.close();
  }
}
