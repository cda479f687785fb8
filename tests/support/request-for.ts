import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";
import { within } from "./within.ts";

/** Resolves when a server of this process begins with a request for the address. To be called before it is made. */
export function requestFor(url: string): Promise<void> {
  const channel = "http.server.request.start";
  const begun = new Promise<void>((resolve) => {
    const begins = (message: unknown) => {
      const { request } = message as { request: IncomingMessage };
      if (request.url !== url) return;
      unsubscribe(channel, begins);
      resolve();
    };
    subscribe(channel, begins);
  });
  return within(begun, `a request for ${url}`);
}
