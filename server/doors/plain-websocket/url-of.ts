import type { IncomingMessage } from "node:http";

export function urlOf(request: IncomingMessage): URL {
  // The path comes from outside; what no URL can be made of belongs to no door.
  return URL.canParse(request.url ?? "", "http://host")
    ? new URL(request.url ?? "", "http://host")
    : new URL("http://host/");
}
