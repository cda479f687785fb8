import type { ConnectionId, UserId } from "../../shared/ids.ts";
import { SetsByKey } from "../runtime/sets-by-key.ts";
import type { Session } from "./session.ts";

/** The connections of this instance. */
export class Sessions {
  readonly #all = new Map<ConnectionId, Session>();
  readonly #byUser = new SetsByKey<UserId, Session>();
  readonly #remove = (session: Session) => {
    this.#all.delete(session.connectionId);
    this.#byUser.removeFrom(session.principal.userId, session);
  };

  get size(): number {
    return this.#all.size;
  }

  /** The session is removed when its connection has ended. */
  add(session: Session): void {
    this.#all.set(session.connectionId, session);
    this.#byUser.addTo(session.principal.userId, session);
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
