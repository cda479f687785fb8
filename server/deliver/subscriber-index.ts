import type { Audience } from "../session/channel.ts";
import type { Outbox } from "./outbox.ts";
import type { TextFrame } from "./text-frame.ts";

/** Which of a door's connections are in which audiences. */
export class Receivers {
  readonly #members = new Map<Audience, Set<Outbox>>();
  readonly #counters: { deliveries: number };
  #events = 0;

  /** `deliveries` goes up by one for every event that is put into an outbox. */
  constructor(counters = { deliveries: 0 }) {
    this.#counters = counters;
  }

  join(audience: Audience, outbox: Outbox): void {
    const found = this.#members.get(audience);
    if (found) found.add(outbox);
    else this.#members.set(audience, new Set([outbox]));
  }

  leave(audience: Audience, outbox: Outbox): void {
    const found = this.#members.get(audience);
    found?.delete(outbox);
    if (found?.size === 0) this.#members.delete(audience);
  }

  /** Puts an event into the outboxes of those who are in any of the audiences now, once. It is made if there is one. */
  post(audiences: readonly Audience[], makeFrame: () => TextFrame): void {
    let frame: TextFrame | undefined;
    const event = ++this.#events;
    let deliveries = 0;
    for (const audience of audiences) {
      const found = this.#members.get(audience);
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
