import type { AgentId, ConnectionId, MessageId } from "../../../shared/ids.ts";
import type { Session } from "../../session/session.ts";

/** What an agent was told of a dispatch over its present connection. */
export interface SentAttempt {
  attempt: number;
  /** Milliseconds since 1970. */
  deadline: number;
  /** It is over, or somebody else's, and the agent knows. */
  isDone: boolean;
}

/** An agent whose connection is at this instance. */
export interface LocalAgent {
  agentId: AgentId;
  session: Session;
  capabilities: readonly string[];
  /** By dispatch; of each the newest attempt. */
  sentAttempts: Map<MessageId, SentAttempt>;
  /** It has the reply to its registration, and may be sent what it is to do. */
  isReady: boolean;
  /** When it was last written down that the agent makes progress, in milliseconds since 1970. */
  progressNotedAt: number;
}

/** The agent knows that a dispatch is over or not its own: it was told, or has said so itself. */
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

  /** Takes the place of another connection of the agent's. */
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
