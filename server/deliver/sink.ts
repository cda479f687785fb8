import type { Envelope } from "../../shared/envelope.ts";
import type { Audience } from "../session/channel.ts";

/**
 * A door's way out: brings an event to those of its connections that are in any of the audiences, once to each.
 * Synchronous, so that the order of calls is the order on every wire.
 */
export interface Outlet {
  deliver(event: Envelope, audiences: readonly Audience[]): void;
}
