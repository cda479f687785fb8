import type { Envelope } from "../../shared/envelope.ts";

/**
 * A door's way out: brings an event to those of its connections that have joined the event's room.
 * Synchronous, so that the order of calls is the order on every wire.
 */
export interface Outlet {
  deliver(event: Envelope): void;
}
