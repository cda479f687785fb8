import type { IncomingMessage } from "node:http";

export function urlOf(request: IncomingMessage): URL {
  // The path is client input; a malformed URL belongs to no door.
  return URL.canParse(request.url ?? "", "http://host")
    ? new URL(request.url ?? "", "http://host")
    : new URL("http://host/");
}
