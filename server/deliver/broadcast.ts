import type { LogLevel } from "../../shared/commands/admin-commands.ts";
import type { TraceStep } from "../../shared/entities/trace.ts";
import type { Envelope } from "../../shared/envelope.ts";
import type { AgentId, ConnectionId, ConversationId, MessageId, UserId } from "../../shared/ids.ts";
import type { RoomName } from "../../shared/room.ts";
import type { Revocation } from "../session/revocation.ts";

/** Messages between instances that are not stored. */
export type BroadcastMessage =
  /** An ephemeral event for every connection in its room. */
  | { kind: "event"; event: Envelope }
  /** The members of the conversation have changed. */
  | { kind: "changed"; conversationId: ConversationId }
  /** The user may no longer be in the room. */
  | { kind: "evict"; room: RoomName; userId: UserId; reason: string }
  /** Broadcasts may have been lost: each instance compares the sessions in its rooms with the stored memberships. */
  | { kind: "recheck" }
  /** Tokens that are no longer valid. */
  | { kind: "revoked"; revocation: Revocation }
  /** A message for all connections of the user. `response`: the key of the cancelled response, if it is a `cancel`. */
  | { kind: "tell"; userId: UserId; name: string; data: unknown; response?: string }
  /** The agent's record has changed: the instance that has its connection reconciles. */
  | { kind: "agent"; agentId: AgentId }
  /** Work is waiting for an agent with this capability. */
  | { kind: "capability"; capability: string }
  /** The dispatch has ended. */
  | { kind: "ended"; messageId: MessageId }
  /** Close this connection, or all connections of the user. */
  | { kind: "kick"; connectionId: ConnectionId }
  | { kind: "kick"; userId: UserId }
  /** The log level from now on. */
  | { kind: "log_level"; level: LogLevel }
  /** Trace the target for this many seconds and report each step to the connection `by`. */
  | { kind: "trace"; traceId: string; by: ConnectionId; target: TraceTarget; seconds: number }
  | { kind: "untrace"; traceId: string }
  /** A step of an event trace, for the connection that asked for it. */
  | { kind: "traced"; to: ConnectionId; step: TraceStep };

/** What an event trace observes. */
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
