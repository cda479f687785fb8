import type { DisconnectReason } from "../../../shared/disconnect-reason.ts";
import type { Session } from "../../session/session.ts";

/** Which sessions share a connection of the engine: one for each namespace that the client has entered by it. */
export class SharedConnections {
  readonly #sessions = new WeakMap<object, readonly Session[]>();

  add(connection: object, session: Session): void {
    this.#sessions.set(connection, [...(this.#sessions.get(connection) ?? []), session]);
  }

  remove(connection: object, session: Session): void {
    const others = this.#sessions.get(connection)?.filter((other) => other !== session) ?? [];
    if (others.length > 0) this.#sessions.set(connection, others);
    else this.#sessions.delete(connection);
  }

  /** The connection ends with one of them: the others are told as well. */
  end(connection: object, reason: DisconnectReason): void {
    for (const session of this.#sessions.get(connection) ?? []) session.close(reason);
  }
}
