import type { Envelope } from "../../shared/envelope.ts";
import type { Position } from "../../shared/position.ts";
import type { Span, Spans } from "./spans.ts";

/** Limit for published events that await their delivery here, since some have no receiver on this instance. */
const undelivered = 4_096;

/**
 * Spans of an event: `publish`, from its acceptance until it is in the log, and in the same trace `deliver`, from the
 * log's announcement until it is in every receiver's outbox of this instance. For events of other instances `deliver`
 * has a trace of its own with the event's id as an attribute, since announcements carry no trace.
 */
export class EventSpans {
  readonly #spans: Spans;
  readonly #published = new Map<string, string>();

  constructor(spans: Spans) {
    this.#spans = spans;
  }

  /** Begins the span of an append. To be ended by `kept` or `lost`. */
  publishing(event: Envelope): Span {
    const attributes = { "signalbox.event": event.id, "signalbox.room": event.room };
    const span = this.#spans.start(`publish ${event.type}`, { kind: "producer", attributes });
    // The announcement may arrive before the append resolves.
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

  /** Wraps `deliver`, which counts the outboxes that it puts the event into. Ephemeral events have no span. */
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

/** Two senders may choose the same id, but hardly in the same room at the same time. */
const keyOf = ({ room, id }: Envelope) => `${room} ${id}`;
