import type { HlinkMessage } from "../../shared/entities/hlink.ts";

/** The stream from which other services read HLink messages. Exists with Redis only. */
export interface UiEvents {
  /**
   * Adds a message, unless the `dedupe` key was used within the last 10 minutes.
   * Rejects with `Rejection("unavailable")` when the store is unreachable.
   */
  append(message: HlinkMessage, timestamp: string, dedupe?: string): Promise<void>;
}

/** Without Redis no other service can read the messages, so they are dropped. */
export const noUiEvents: UiEvents = { append: async () => {} };
