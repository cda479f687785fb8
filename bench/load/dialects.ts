import jwt from "jsonwebtoken";
import type { Dialect, RawClient } from "./raw-client.ts";

export const secret = "a secret for measuring, of more than 32 bytes";

/** What a client says to a server of a kind. */
export interface Speech extends Dialect {
  auth(user: string, roles: readonly string[]): unknown;
  /** Makes the room, if rooms are made here. */
  create(client: RawClient, room: string): Promise<void>;
  join(client: RawClient, room: string): Promise<void>;
  publication(room: string, text: string): [name: string, payload: unknown];
  /** Where a room has an address of its own: that of its members, and of those who publish there. */
  memberPath?(room: string): string;
  publisherPath?(room: string): string;
}

export function tokenOf(user: string, roles: readonly string[]): string {
  const exp = Math.floor(Date.now() / 1000) + 3_600;
  return jwt.sign({ sub: user, roles, exp }, secret, { algorithm: "HS256" });
}

async function accepted(reply: Promise<string>, what: string): Promise<void> {
  const text = await reply;
  if (!text.includes('"ok":true')) throw new Error(`${what}: ${text.slice(0, 300)}`);
}

const signalbox: Speech = {
  path: "/socket.io/?EIO=4&transport=websocket",
  namespace: "/chat",
  auth: (user, roles) => ({ token: tokenOf(user, roles), autoJoin: false }),
  create: (client, id) => accepted(client.request("conversation.create", { id, public: true }), "conversation.create"),
  join: (client, id) => accepted(client.request("join_room", { room: `conversation:${id}`, limit: 1 }), "join_room"),
  publication: (conversationId, message) => ["chat_message", { conversationId, message }],
};

const socketIo: Speech = {
  ...signalbox,
  namespace: "/",
  auth: (user, roles) => ({ token: tokenOf(user, roles) }),
  create: async () => {},
  join: (client, room) => accepted(client.request("join_room", room), "join_room"),
  publication: (room, message) => ["chat_message", { room, message }],
};

const ws: Speech = { ...socketIo, path: "/", namespace: undefined };

const nchan: Speech = {
  ...ws,
  acknowledges: false,
  join: async () => {},
  memberPath: (room) => `/in/${room}`,
  publisherPath: (room) => `/to/${room}`,
};

export const dialects = { signalbox, "socket.io": socketIo, ws, nchan };
export type DialectName = keyof typeof dialects;
