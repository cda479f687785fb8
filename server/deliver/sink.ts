import type { Envelope } from "../../shared/envelope.ts";
import type { Channel } from "../session/channel.ts";

/**
 * A door's connections as receivers: gives an event to those in any of the channels, once to each; it is written at
 * once or with their outboxes.
 * Synchronous, so that the order of calls is the order on every connection.
 */
export interface Sink {
  deliver(event: Envelope, channels: readonly Channel[]): void;
}
