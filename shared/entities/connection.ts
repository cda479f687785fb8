import { z } from "zod";
import { ConnectionId, InstanceId, UserId } from "../ids.ts";
import { Timestamp } from "../json.ts";
import { limits } from "../limits.ts";
import { namespaces } from "../namespace.ts";
import { Role } from "../role.ts";

/** `connecting → connected → authenticated → active`, `active → paused | reconnecting | closing → closed`. Source: protocol section 3. */
export const ConnectionState = z.enum([
  "connecting",
  "connected",
  "authenticated",
  "active",
  "paused",
  "reconnecting",
  "closing",
  "closed",
]);
export type ConnectionState = z.infer<typeof ConnectionState>;

export const Transition = z.strictObject({ from: ConnectionState, to: ConnectionState, at: Timestamp });
export type Transition = z.infer<typeof Transition>;

/** A connection as the admin namespace lists it. */
export const Connection = z.strictObject({
  connectionId: ConnectionId,
  userId: UserId,
  name: z.string().nullable(),
  roles: z.array(Role),
  /** Where it counts: the first of those that it may send commands to. */
  namespace: z.enum(namespaces),
  door: z.enum(["socket.io", "websocket", "agent-bridge", "event-stream"]),
  instanceId: InstanceId,
  state: ConnectionState,
  /** The newest transitions, oldest first. */
  history: z.array(Transition).max(limits.transitionsKept),
  /** How many rooms and subscriptions it has. */
  rooms: z.int().min(0),
  connectedAt: Timestamp,
  /** Up to a minute behind: it would be the only thing to write down of most connections. */
  lastActivityAt: Timestamp,
});
export type Connection = z.infer<typeof Connection>;
