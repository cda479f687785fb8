import type { Audiences } from "../deliver/channel-matcher.ts";
import type { Audience } from "../session/channel.ts";
import type { Session } from "../session/session.ts";

/** Sessions in audiences. Several subscriptions may put a session into the same one, and it stays until the last ends. */
export class JoinedAudiences {
  readonly #audiences: Audiences;
  readonly #counts = new Map<Session, Map<Audience, number>>();

  constructor({ audiences }: { audiences: Audiences }) {
    this.#audiences = audiences;
  }

  join(session: Session, audience: Audience): void {
    const counts = this.#counts.get(session) ?? new Map<Audience, number>();
    this.#counts.set(session, counts);
    const count = counts.get(audience) ?? 0;
    counts.set(audience, count + 1);
    if (count > 0) return;
    session.transport.join(audience);
    this.#audiences.entered(audience);
  }

  leave(session: Session, audience: Audience): void {
    const counts = this.#counts.get(session);
    const count = counts?.get(audience);
    if (!counts || count === undefined) return;
    if (count > 1) return void counts.set(audience, count - 1);
    counts.delete(audience);
    if (counts.size === 0) this.#counts.delete(session);
    session.transport.leave(audience);
    this.#audiences.left(audience);
  }
}
