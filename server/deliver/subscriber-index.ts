import { SetsByKey } from "../runtime/sets-by-key.ts";
import type { Channel } from "../session/channel.ts";
import type { Outbox } from "./outbox.ts";
import type { TextFrame } from "./text-frame.ts";

/** The outboxes of a door's connections by channel. */
export class SubscriberIndex {
  readonly #members = new SetsByKey<Channel, Outbox>();
  readonly #counters: { deliveries: number };
  #events = 0;

  /** `deliveries` is incremented for every event put into an outbox. */
  constructor(counters = { deliveries: 0 }) {
    this.#counters = counters;
  }

  join(channel: Channel, outbox: Outbox): void {
    this.#members.addTo(channel, outbox);
  }

  leave(channel: Channel, outbox: Outbox): void {
    this.#members.removeFrom(channel, outbox);
  }

  /** Puts an event once into each outbox that is in any of the channels. The frame is made only if needed. */
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
