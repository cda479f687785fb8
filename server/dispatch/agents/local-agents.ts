import type { AgentId, ConnectionId, MessageId } from "../../../shared/ids.ts";
import type { Session } from "../../session/session.ts";

/** The attempt of a dispatch that was sent to an agent over its current connection. */
interface SentAttempt {
  attempt: number;
  /** Milliseconds since 1970. */
  deadline: number;
  /** The attempt has ended, and the agent knows it. */
  isDone: boolean;
}

/** An agent whose connection is at this instance. */
export interface LocalAgent {
  agentId: AgentId;
  session: Session;
  capabilities: readonly string[];
  /** The newest attempt that was sent, by dispatch. */
  sentAttempts: Map<MessageId, SentAttempt>;
  /** Whether it has the reply to its registration, so that dispatches may be sent. */
  isReady: boolean;
  /** When progress was last noted in the record of the agent, by the monotonic clock. */
  progressNotedMs: number;
}

/** The agent knows that the attempt has ended: it was sent a cancellation, or has ended the attempt itself. */
export function markDone({ sentAttempts }: LocalAgent, messageId: MessageId, attempt?: number): void {
  const known = sentAttempts.get(messageId);
  if (known && (attempt === undefined || known.attempt === attempt)) known.isDone = true;
}

/** The agents that are connected here. */
export class LocalAgents implements Iterable<LocalAgent> {
  readonly #byId = new Map<AgentId, LocalAgent>();
  readonly #byConnection = new Map<ConnectionId, LocalAgent>();

  get(agentId: AgentId): LocalAgent | undefined {
    return this.#byId.get(agentId);
  }

  bySession(session: Session): LocalAgent | undefined {
    return this.#byConnection.get(session.connectionId);
  }

  /** Replaces another connection of the agent. */
  add(local: LocalAgent): void {
    this.#byId.set(local.agentId, local);
    this.#byConnection.set(local.session.connectionId, local);
  }

  remove(local: LocalAgent): void {
    this.#byConnection.delete(local.session.connectionId);
    if (this.#byId.get(local.agentId) === local) this.#byId.delete(local.agentId);
  }

  [Symbol.iterator](): Iterator<LocalAgent> {
    return this.#byConnection.values();
  }
}
