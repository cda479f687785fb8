import type { Channel } from "../session/channel.ts";
import type { Outbox } from "./outbox.ts";
import type { TextFrame } from "./text-frame.ts";

/** Which of a door's connections are in which channels. */
export class SubscriberIndex {
  readonly #members = new Map<Channel, Set<Outbox>>();
  readonly #counters: { deliveries: number };
  #events = 0;

  /** `deliveries` goes up by one for every event that is put into an outbox. */
  constructor(counters = { deliveries: 0 }) {
    this.#counters = counters;
  }

  join(channel: Channel, outbox: Outbox): void {
    const found = this.#members.get(channel);
    if (found) found.add(outbox);
    else this.#members.set(channel, new Set([outbox]));
  }

  leave(channel: Channel, outbox: Outbox): void {
    const found = this.#members.get(channel);
    found?.delete(outbox);
    if (found?.size === 0) this.#members.delete(channel);
  }

  /** Puts an event into the outboxes of those who are in any of the channels now, once. It is made if there is one. */
  fanOut(channels: readonly Channel[], makeFrame: () => TextFrame): void {
    let frame: TextFrame | undefined;
    const event = ++this.#events;
    let deliveries = 0;
    for (const channel of channels) {
      const found = this.#members.get(channel);
      if (!found) continue;
      frame ??= makeFrame();
      for (const outbox of found) {
        if (outbox.latest === event) continue;
        outbox.latest = event;
        outbox.put(frame);
        deliveries++;
      }
    }
    this.#counters.deliveries += deliveries;
  }
}
