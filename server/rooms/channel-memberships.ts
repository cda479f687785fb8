import type { ChannelMatcher } from "../deliver/channel-matcher.ts";
import { CountsByKey } from "../runtime/counts-by-key.ts";
import type { Channel } from "../session/channel.ts";
import type { Session } from "../session/session.ts";

/** The channels of each session. Subscriptions of a session may share a channel: it leaves with the last of them. */
export class ChannelMemberships {
  readonly #matcher: ChannelMatcher;
  readonly #counts = new Map<Session, CountsByKey<Channel>>();

  constructor({ matcher }: { matcher: ChannelMatcher }) {
    this.#matcher = matcher;
  }

  join(session: Session, channel: Channel): void {
    const counts = this.#counts.get(session) ?? new CountsByKey<Channel>();
    this.#counts.set(session, counts);
    if (counts.increment(channel) > 1) return;
    session.transport.join(channel);
    this.#matcher.added(channel);
  }

  leave(session: Session, channel: Channel): void {
    const counts = this.#counts.get(session);
    if (!counts?.has(channel) || counts.decrement(channel) > 0) return;
    if (counts.size === 0) this.#counts.delete(session);
    session.transport.leave(channel);
    this.#matcher.removed(channel);
  }
}
