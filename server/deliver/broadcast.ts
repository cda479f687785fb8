import type { LogLevel } from "../../shared/commands/admin-commands.ts";
import type { TraceStep } from "../../shared/entities/trace.ts";
import type { Envelope } from "../../shared/envelope.ts";
import type { AgentId, ConnectionId, ConversationId, MessageId, UserId } from "../../shared/ids.ts";
import type { RoomName } from "../../shared/room.ts";
import type { Revocation } from "../session/revocation.ts";

/** What instances tell each other without keeping it. */
export type BroadcastMessage =
  /** An ephemeral event for everybody in its room. */
  | { kind: "event"; event: Envelope }
  /** Who belongs to the conversation has changed. */
  | { kind: "changed"; conversationId: ConversationId }
  /** The user may no longer be in the room. */
  | { kind: "evict"; room: RoomName; userId: UserId; reason: string }
  /** What was told for some time may not have been heard: whoever is in a room may not belong there any more. */
  | { kind: "recheck" }
  /** These tokens are not good any more. */
  | { kind: "revoked"; revocation: Revocation }
  /** Goes to all connections of the user. */
  | { kind: "tell"; userId: UserId; name: string; data: unknown }
  /** Something has changed for this agent: whoever has its connection looks. */
  | { kind: "agent"; agentId: AgentId }
  /** Something waits for an agent that has the capability. */
  | { kind: "capability"; capability: string }
  /** The dispatch has ended. */
  | { kind: "ended"; messageId: MessageId }
  /** The connection, or all of the user, are to end. */
  | { kind: "kick"; connectionId: ConnectionId }
  | { kind: "kick"; userId: UserId }
  /** What is to be logged from now on. */
  | { kind: "log_level"; level: LogLevel }
  /** Look on for so many seconds, and tell this connection. */
  | { kind: "trace"; traceId: string; by: ConnectionId; target: TraceTarget; seconds: number }
  | { kind: "untrace"; traceId: string }
  /** What was seen, for that connection. */
  | { kind: "traced"; to: ConnectionId; step: TraceStep };

/** What is looked at. */
export type TraceTarget = { connectionId: ConnectionId } | { room: RoomName };

/**
 * Reaches every instance, this one included, in the order in which this instance sent.
 * A message may be lost while instances cannot reach each other: nothing that must not be lost goes this way.
 */
export interface Broadcast {
  /** Never throws and never waits. */
  send(message: BroadcastMessage): void;
  /** Listeners are called in the order in which they were added. */
  listen(listener: (message: BroadcastMessage) => void): void;
}
