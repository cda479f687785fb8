import type { PresentMember } from "../../../shared/commands/chat-commands.ts";
import type { Envelope } from "../../../shared/envelope.ts";
import type { Reply } from "../../../shared/reply.ts";
import { jsonOf } from "../../runtime/event-json.ts";
import { jsonOfMember } from "../../runtime/member-json.ts";

/** The JSON of a reply. Events and members in it are the same for all who come back to a room, and are written once for them. */
export function replyJson(reply: Reply<unknown>): string {
  if (!reply.ok || !hasEvents(reply.data)) return JSON.stringify(reply);
  const { events, members, ...rest } = reply.data;
  let text = `{"ok":true,"data":{"events":[${listOf(events, jsonOf)}]`;
  if (members) text += `,"members":[${listOf(members, jsonOfMember)}]`;
  const others = JSON.stringify(rest).slice(1, -1);
  return `${text}${others === "" ? "" : `,${others}`}}}`;
}

/** Put together without being copied: what comes of it is written once, behind what the door has to say. */
function listOf<T>(items: readonly T[], json: (item: T) => string): string {
  let text = "";
  for (const item of items) text += text === "" ? json(item) : `,${json(item)}`;
  return text;
}

/** As only replies about rooms have them; those to a join of a conversation have members, too. */
function hasEvents(data: unknown): data is { events: Envelope[]; members?: PresentMember[] } {
  return typeof data === "object" && data !== null && "events" in data && Array.isArray(data.events);
}
