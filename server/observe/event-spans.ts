import type { Envelope } from "../../shared/envelope.ts";
import type { Position } from "../../shared/position.ts";
import type { Span, Spans } from "./spans.ts";

/** Events that were published here and not delivered here yet: no more are remembered, since some have nobody here. */
const undelivered = 4_096;

/**
 * The way of an event as spans: `publish`, from when it was accepted until the log has it, and within its trace
 * `deliver`, from the log's announcement until every receiver's outbox here has it. What another instance has published
 * is delivered in a trace of its own, which has the event's id: an announcement is what receivers are sent, no more.
 */
export class EventSpans {
  readonly #spans: Spans;
  readonly #published = new Map<string, string>();

  constructor(spans: Spans) {
    this.#spans = spans;
  }

  /** It is about to be appended. To be ended by `kept` or `lost`. */
  publishing(event: Envelope): Span {
    const attributes = { "signalbox.event": event.id, "signalbox.room": event.room };
    const span = this.#spans.start(`publish ${event.type}`, { kind: "producer", attributes });
    // It may be announced before the append is answered.
    this.#published.set(keyOf(event), span.traceparent);
    if (this.#published.size > undelivered) {
      const [oldest = ""] = this.#published.keys();
      this.#published.delete(oldest);
    }
    return span;
  }

  kept(span: Span, event: Envelope, { epoch, offset }: Position, isDuplicate = false): void {
    if (isDuplicate) this.#published.delete(keyOf(event));
    span.set({ "signalbox.epoch": epoch, "signalbox.offset": offset, "signalbox.duplicate": isDuplicate });
    span.end();
  }

  lost(span: Span, event: Envelope, why: string): void {
    this.#published.delete(keyOf(event));
    span.end(why);
  }

  /** The same as `deliver`, which puts an event into outboxes and counts how many. What is in no log has no span. */
  around(deliver: (event: Envelope) => void, counters: { readonly deliveries: number }): (event: Envelope) => void {
    return (event) => {
      if (!event.position) return deliver(event);
      const key = keyOf(event);
      const attributes = { "signalbox.event": event.id, "signalbox.room": event.room };
      const parent = this.#published.get(key);
      this.#published.delete(key);
      const span = this.#spans.start(`deliver ${event.type}`, { kind: "consumer", parent, attributes });
      const before = counters.deliveries;
      deliver(event);
      span.set({ "signalbox.receivers": counters.deliveries - before });
      span.end();
    };
  }
}

/** Of two senders each may have chosen the same id, but hardly in one room and at one time. */
const keyOf = ({ room, id }: Envelope) => `${room} ${id}`;
