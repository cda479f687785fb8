import type { Envelope } from "../../../shared/envelope.ts";
import type { Reply } from "../../../shared/reply.ts";
import { jsonOf } from "../../event-json.ts";

/** The JSON of a reply. Events in it are the same for all who come back to a room, and are written once for them. */
export function replyJson(reply: Reply<unknown>): string {
  if (!reply.ok || !hasEvents(reply.data)) return JSON.stringify(reply);
  const { events, ...rest } = reply.data;
  const listed = `"events":[${events.map(jsonOf).join(",")}]`;
  const others = JSON.stringify(rest).slice(1, -1);
  return `{"ok":true,"data":{${others === "" ? listed : `${others},${listed}`}}}`;
}

/** As only replies about rooms have them. */
function hasEvents(data: unknown): data is { events: Envelope[] } {
  return typeof data === "object" && data !== null && "events" in data && Array.isArray(data.events);
}
