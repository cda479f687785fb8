import { z } from "zod";
import { ConnectionId, InstanceId, UserId } from "../ids.ts";
import { Timestamp } from "../json.ts";
import { keysEnum } from "../keys-enum.ts";
import { limits } from "../limits.ts";
import { namespaces } from "../namespace.ts";
import { Role } from "../role.ts";

/** The states of a connection, in order. Source: protocol section 3. */
export const connectionStates = {
  connecting: "The transport is opening.",
  connected: "The transport is open; the token is not checked yet.",
  authenticated: "The token is good; the connection is being set up.",
  active: "The client has `system.connection.established` and may send commands.",
  paused: "Reserved: the server does not use it.",
  reconnecting: "Reserved: the server does not use it.",
  closing: "The connection is ending; the client has `system.connection.close`.",
  closed: "The connection has ended.",
} as const;

export const ConnectionState = keysEnum(connectionStates).meta({
  id: "ConnectionState",
  description: "The state of a connection. The server does not use `paused` and `reconnecting`.",
});
export type ConnectionState = keyof typeof connectionStates;

const Transition = z
  .strictObject({ from: ConnectionState, to: ConnectionState, at: Timestamp })
  .meta({ id: "Transition", description: "One change of a connection's state." });

export const Connection = z
  .strictObject({
    connectionId: ConnectionId,
    userId: UserId,
    name: z.string().nullable(),
    roles: z.array(Role),
    namespace: z.enum(namespaces).describe("The namespace under which the connection is counted."),
    door: z.enum(["socket.io", "websocket", "agent-bridge", "event-stream"]),
    instanceId: InstanceId,
    state: ConnectionState,
    history: z.array(Transition).max(limits.transitionsKept).describe("The newest transitions, oldest first."),
    rooms: z.int().min(0).describe("The number of rooms and subscriptions of the connection."),
    connectedAt: Timestamp,
    // Of most connections nothing else would change from report to report.
    lastActivityAt: Timestamp.describe("Up to a minute behind."),
  })
  .meta({ id: "Connection", description: "A connection of any door, as `/admin` lists it." });
export type Connection = z.infer<typeof Connection>;
