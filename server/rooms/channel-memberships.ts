import type { ChannelMatcher } from "../deliver/channel-matcher.ts";
import type { Channel } from "../session/channel.ts";
import type { Session } from "../session/session.ts";

/** The channels of each session. Subscriptions of a session may share a channel: it leaves with the last of them. */
export class ChannelMemberships {
  readonly #matcher: ChannelMatcher;
  readonly #counts = new Map<Session, Map<Channel, number>>();

  constructor({ matcher }: { matcher: ChannelMatcher }) {
    this.#matcher = matcher;
  }

  join(session: Session, channel: Channel): void {
    const counts = this.#counts.get(session) ?? new Map<Channel, number>();
    this.#counts.set(session, counts);
    const count = counts.get(channel) ?? 0;
    counts.set(channel, count + 1);
    if (count > 0) return;
    session.transport.join(channel);
    this.#matcher.added(channel);
  }

  leave(session: Session, channel: Channel): void {
    const counts = this.#counts.get(session);
    const count = counts?.get(channel);
    if (!counts || count === undefined) return;
    if (count > 1) return void counts.set(channel, count - 1);
    counts.delete(channel);
    if (counts.size === 0) this.#counts.delete(session);
    session.transport.leave(channel);
    this.#matcher.removed(channel);
  }
}
