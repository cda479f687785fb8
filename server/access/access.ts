import type { ConversationId } from "../../shared/ids.ts";
import { rolesOfNamespace } from "../../shared/namespace.ts";
import { Rejection } from "../../shared/rejection.ts";
import { conversationRoom, parseRoom, type RoomName } from "../../shared/room.ts";
import { prefixOfTopic, type Topic } from "../../shared/topic.ts";
import { type Conversations, type Membership, notFound } from "../conversations/conversations.ts";
import { hasRole, type Principal } from "../session/principal.ts";

/** Decides which rooms a principal may read, write and manage. */
export interface Access {
  /**
   * For rooms of `/chat`; those of `/monitoring` are for {@link mayWatch}. `broadcast` and `ui`, the room of the messages
   * to user interfaces, are open to every user.
   * Rejects with `not_found` for a conversation that the principal may not read, whether it exists or not, and with
   * `forbidden` for any other room.
   */
  assertCanRead(principal: Principal, room: RoomName): Promise<void>;
  assertCanWrite(principal: Principal, room: RoomName): Promise<void>;
  /** For changes of members or title. Users who are not members may read and write a public conversation, not manage it. */
  assertCanManage(principal: Principal, conversationId: ConversationId): Promise<void>;
  /** Whether a room of `/monitoring`, or all that a pattern matches, may be watched. */
  mayWatch(principal: Principal, topic: Topic): boolean;
}

export function createAccess({ conversations }: { conversations: Conversations }): Access {
  async function assertCan(principal: Principal, room: RoomName, what: "read" | "write"): Promise<void> {
    const { kind, id } = parseRoom(room);
    if (kind === "conversation") {
      const mayEnter = (membership: Membership) => mayEnterBy(principal, room, membership, what);
      // Checked for every message: a cached membership saves the await.
      if (conversations.isAllowedByCache(id as ConversationId, mayEnter)) return;
      return assertInConversation(id as ConversationId, mayEnter);
    }
    if (kind === "user" && id === principal.userId) return;
    // A grant never opens another user's room.
    if (kind !== "user" && isGranted(principal, room, what)) return;
    if ((kind === "broadcast" || kind === "ui") && what === "read") return;
    throw new Rejection("forbidden", `You may not ${what} ${room}.`);
  }

  async function assertInConversation(id: ConversationId, mayEnter: (membership: Membership) => boolean) {
    const membership = await conversations.membership(id, mayEnter);
    if (!membership || !mayEnter(membership)) throw notFound(id);
  }

  return {
    assertCanRead: (principal, room) => assertCan(principal, room, "read"),
    assertCanWrite: (principal, room) => assertCan(principal, room, "write"),
    mayWatch,

    async assertCanManage(principal, id) {
      const room = conversationRoom(id);
      await assertInConversation(id, (membership) => mayEnterBy(principal, room, membership, "write"));
      const mayManage = (membership: Membership) => hasOwnAccess(principal, room, membership, "write");
      const membership = await conversations.membership(id, mayManage);
      if (!membership || !mayManage(membership)) {
        throw new Rejection("forbidden", `Conversation ${id} can only be changed by its members, admins and services.`);
      }
    },
  };
}

function mayEnterBy(principal: Principal, room: RoomName, membership: Membership, what: "read" | "write"): boolean {
  return hasOwnAccess(principal, room, membership, what) || (membership.public && hasRole(principal, "user"));
}

/** By membership, role or grant: not only because the conversation is public. */
function hasOwnAccess(principal: Principal, room: RoomName, { members }: Membership, what: "read" | "write"): boolean {
  return members.has(principal.userId) || hasRole(principal, "admin", "service") || isGranted(principal, room, what);
}

/** A grant names a room, or all rooms of a kind with a prefix: `conversation:team-*`. `*` alone is for `/monitoring`. */
function isGranted(principal: Principal, room: RoomName, what: "read" | "write"): boolean {
  return principal.grants.some(({ room: pattern, can }) => {
    if (!can.includes(what)) return false;
    if (!pattern.endsWith("*")) return room === pattern;
    return pattern.includes(":") && room.startsWith(pattern.slice(0, -1));
  });
}

/** By a role of `/monitoring`, or by a grant that covers everything that the topic matches. */
function mayWatch(principal: Principal, topic: Topic): boolean {
  if (hasRole(principal, ...rolesOfNamespace["/monitoring"])) return true;
  const wanted = prefixOfTopic(topic);
  return principal.grants.some(({ room: pattern, can }) => {
    if (!can.includes("read")) return false;
    if (!pattern.endsWith("*")) return pattern === (topic as string);
    if (pattern !== "*" && !pattern.includes(":")) return false;
    return (wanted ?? topic).startsWith(pattern.slice(0, -1));
  });
}
