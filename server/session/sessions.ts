import type { ConnectionId, UserId } from "../../shared/ids.ts";
import type { Session } from "./session.ts";

/** The connections of this instance. */
export class Sessions {
  readonly #all = new Map<ConnectionId, Session>();
  readonly #byUser = new Map<UserId, Set<Session>>();
  readonly #remove = (session: Session) => {
    const { userId } = session.principal;
    this.#all.delete(session.connectionId);
    const remaining = this.#byUser.get(userId);
    remaining?.delete(session);
    if (remaining?.size === 0) this.#byUser.delete(userId);
  };

  get size(): number {
    return this.#all.size;
  }

  /** The session is removed when its connection has ended. */
  add(session: Session): void {
    const { userId } = session.principal;
    this.#all.set(session.connectionId, session);
    this.#byUser.set(userId, (this.#byUser.get(userId) ?? new Set()).add(session));
    session.onClose(this.#remove);
  }

  /** Resolves when the sessions that exist now have ended. */
  async ended(): Promise<void> {
    await Promise.all([...this.#all.values()].map(({ whenClosed }) => whenClosed));
  }

  [Symbol.iterator](): Iterator<Session> {
    return this.#all.values();
  }

  get(connectionId: ConnectionId): Session | undefined {
    return this.#all.get(connectionId);
  }

  ofUser(userId: UserId): Session[] {
    return [...(this.#byUser.get(userId) ?? [])];
  }
}
