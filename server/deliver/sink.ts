import type { Envelope } from "../../shared/envelope.ts";
import type { Channel } from "../session/channel.ts";

/**
 * A door's way out: brings an event to those of its connections that are in any of the channels, once to each.
 * Synchronous, so that the order of calls is the order on every wire.
 */
export interface Sink {
  deliver(event: Envelope, channels: readonly Channel[]): void;
}
