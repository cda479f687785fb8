import type { HlinkMessage } from "../../shared/entities/hlink.ts";

/** The stream from which other services take HLink messages. It is there with Redis only. */
export interface UiEvents {
  /**
   * With a `dedupe` key that was used within the last 10 minutes nothing is added.
   * Rejects with `Rejection("unavailable")` when the store is out of reach.
   */
  append(message: HlinkMessage, timestamp: string, dedupe?: string): Promise<void>;
}

/** Without Redis there is nobody to take them. */
export const noUiEvents: UiEvents = { append: async () => {} };
