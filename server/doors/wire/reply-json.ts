import type { PresentMember } from "../../../shared/commands/chat-commands.ts";
import type { Envelope } from "../../../shared/envelope.ts";
import type { Reply } from "../../../shared/reply.ts";
import { jsonOf } from "../../runtime/event-json.ts";
import { jsonOfMember } from "../../runtime/member-json.ts";

/** The JSON of a reply. Events and members in it are the same in many replies, and their JSON is cached. */
export function replyJson(reply: Reply<unknown>): string {
  if (!reply.ok || !hasEvents(reply.data)) return JSON.stringify(reply);
  const { events, members, ...rest } = reply.data;
  let text = `{"ok":true,"data":{"events":[${listOf(events, jsonOf)}]`;
  if (members) text += `,"members":[${listOf(members, jsonOfMember)}]`;
  const remaining = JSON.stringify(rest).slice(1, -1);
  return `${text}${remaining === "" ? "" : `,${remaining}`}}}`;
}

/** Concatenated without copying; the result is copied once, together with the frame around it. */
function listOf<T>(items: readonly T[], json: (item: T) => string): string {
  let text = "";
  for (const item of items) text += text === "" ? json(item) : `,${json(item)}`;
  return text;
}

/** Only replies about rooms have events; those to joins of conversations also have members. */
function hasEvents(data: unknown): data is { events: Envelope[]; members?: PresentMember[] } {
  return typeof data === "object" && data !== null && "events" in data && Array.isArray(data.events);
}
