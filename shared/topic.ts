import { z } from "zod";
import type { SubscriptionId } from "./ids.ts";
import { limits } from "./limits.ts";
import { namespaceOfKind, parseRoom, RoomName } from "./room.ts";

export const Topic = z
  .string()
  .max(limits.roomNameLength)
  .refine(isTopic, { error: "must be a room of /monitoring, kind:*, kind:prefix* or *", abort: true })
  .meta({
    id: "Topic",
    description:
      "A room of `/monitoring`, or a pattern with one star, at its end: `stream:*`, `task:build-*`, or `*` for every room.",
  })
  .brand<"Topic">();
export type Topic = z.infer<typeof Topic>;

/** The prefix of the rooms that a pattern matches, empty for `*`; `undefined` for a topic that is a room. */
export function prefixOfTopic(topic: Topic): string | undefined {
  return topic.endsWith("*") ? topic.slice(0, -1) : undefined;
}

/** The room that the topic names; `undefined` for a pattern. */
export function roomOfTopic(topic: Topic): RoomName | undefined {
  return prefixOfTopic(topic) === undefined ? (topic as string as RoomName) : undefined;
}

export function topicMatches(topic: Topic, room: RoomName): boolean {
  const prefix = prefixOfTopic(topic);
  return prefix === undefined ? room === (topic as string) : room.startsWith(prefix);
}

/** The subscription that a `join_room` of this topic makes. */
export function subscriptionOfTopic(topic: Topic): SubscriptionId {
  return topic as string as SubscriptionId;
}

function isTopic(text: string): boolean {
  if (text === "*") return true;
  // A pattern is well-formed when a room can match it: `task:build-*` because `task:build-x` is one.
  const room = RoomName.safeParse(text.replace(/\*$/, "x"));
  return room.success && namespaceOfKind[parseRoom(room.data).kind] === "/monitoring";
}
