import type { CommandData, CommandPayload } from "../../shared/commands/catalogue.ts";
import type { Envelope } from "../../shared/envelope.ts";
import type { EventType } from "../../shared/event-type.ts";
import type { SubscriptionId } from "../../shared/ids.ts";
import type { Position } from "../../shared/position.ts";
import { Rejection } from "../../shared/rejection.ts";
import { healthRoom, type LogName, monitoringLog, type RoomName } from "../../shared/room.ts";
import { roomOfTopic, type Topic, topicMatches } from "../../shared/topic.ts";
import type { Access } from "../access/access.ts";
import { channelsOfTopic } from "../deliver/channel-matcher.ts";
import type { LogTails, TailHandle } from "../deliver/log-tails.ts";
import type { HealthUpdates } from "../publish/health-updates.ts";
import type { FilteredCatchUp } from "../resume/filtered-catch-up.ts";
import { DeferredReply } from "../session/deferred-reply.ts";
import type { Session } from "../session/session.ts";
import type { ChannelMemberships } from "./channel-memberships.ts";
import type { RoomCounts } from "./room-counts.ts";

export interface SubscriptionsDeps {
  access: Access;
  tails: LogTails;
  catchUp: FilteredCatchUp;
  joined: ChannelMemberships;
  counts: Pick<RoomCounts, "entered" | "left">;
  health: Pick<HealthUpdates, "latest">;
  /** How many subscriptions a connection may have. */
  subscriptionsPerConnection: number;
}

export type Subscribe = CommandPayload<"/monitoring", "subscribe">;
export type Subscribed = Omit<CommandData<"/monitoring", "subscribe">, "id">;

/** Until it is live it can be dropped, and then its reply is a refusal. */
interface Subscription {
  session: Session;
  topics: readonly Topic[];
  types: ReadonlySet<EventType> | undefined;
  /** Absent until the log is followed. */
  lease: TailHandle | undefined;
  live: boolean;
}

/** What this instance's sessions watch of the one log of `/monitoring`. */
export class Subscriptions {
  readonly #deps: SubscriptionsDeps;
  readonly #bySession = new Map<Session, Map<SubscriptionId, Subscription>>();

  constructor(deps: SubscriptionsDeps) {
    this.#deps = deps;
  }

  /**
   * Brings the session from `after`, or the latest events that match, to live. A subscription of the same id is
   * replaced. Rejects with `forbidden` or `limit_exceeded`, and then that one is as it was.
   */
  async subscribe(session: Session, command: Subscribe): Promise<DeferredReply<Subscribed>> {
    const { id, after, limit } = command;
    const { catchUp, health } = this.#deps;
    const subscription = this.#enter(session, command);
    const matches = matcherOf(subscription);
    try {
      const lease = await this.#deps.tails.open(monitoringLog);
      subscription.lease = lease;
      // Dropped meanwhile, when there was no lease to release.
      if (!this.#isCurrent(session, id, subscription)) lease.release();
      const [history, latest] = await Promise.all([
        catchUp.start(lease.tail, matches, after, limit),
        watchesHealth(subscription) ? health.latest() : () => [],
      ]);

      const finish = (): Subscribed => {
        if (!this.#isCurrent(session, id, subscription)) throw gone();
        const resumed = history.finish();
        if (resumed.joined) this.#goLive(subscription);
        else this.#drop(session, id, subscription);
        return { ...resumed, latest: latest().filter(matches) };
      };
      return new DeferredReply({ finish });
    } catch (error) {
      if (this.#isCurrent(session, id, subscription)) this.#drop(session, id, subscription);
      throw error;
    }
  }

  /** Ending one that there is not changes nothing. */
  unsubscribe(session: Session, id: SubscriptionId): void {
    const subscription = this.#bySession.get(session)?.get(id);
    if (subscription) this.#drop(session, id, subscription);
  }

  /** After the session's token has changed: what it may not watch any more is left, and the client is told so. */
  leaveForbidden(session: Session): void {
    const { access } = this.#deps;
    const forbidden = new Set<Topic>();
    for (const [id, subscription] of [...(this.#bySession.get(session) ?? [])]) {
      const { topics, live } = subscription;
      const allowed = topics.filter((topic) => access.mayWatch(session.principal, topic));
      if (allowed.length === topics.length) continue;
      for (const topic of topics) if (!allowed.includes(topic)) forbidden.add(topic);
      if (allowed.length === 0 || !live) {
        this.#drop(session, id, subscription);
      } else {
        this.#leaveAudiences(subscription);
        subscription.topics = allowed;
        this.#goLive(subscription);
      }
    }
    for (const room of forbidden) session.send("system.room.left", { room, reason: "forbidden" });
  }

  /** The log has lost history: whoever watches it is told, once, where it goes on. */
  reset(log: LogName, position: Position, reason: string): void {
    if (log !== monitoringLog) return;
    for (const [session, subscriptions] of this.#bySession) {
      const isWatching = [...subscriptions.values()].some(({ live }) => live);
      if (isWatching) session.send("system.room.reset", { room: log, position, reason });
    }
  }

  #isCurrent(session: Session, id: SubscriptionId, subscription: Subscription): boolean {
    return session.isOpen && this.#bySession.get(session)?.get(id) === subscription;
  }

  /** Not live until the catch-up is done: what comes meanwhile is in the reply, and would come twice. */
  #enter(session: Session, { id, topics, types }: Subscribe): Subscription {
    const { access, subscriptionsPerConnection } = this.#deps;
    const forbidden = topics.find((topic) => !access.mayWatch(session.principal, topic));
    if (forbidden !== undefined) throw new Rejection("forbidden", `You may not watch ${forbidden}.`);
    const others = this.#bySession.get(session) ?? new Map<SubscriptionId, Subscription>();
    const before = others.get(id);
    if (!before && others.size >= subscriptionsPerConnection) {
      throw new Rejection(
        "limit_exceeded",
        `A connection may have ${subscriptionsPerConnection} subscriptions. End one first.`,
      );
    }
    if (!session.isOpen) throw gone();
    if (before) this.#drop(session, id, before);
    if (!this.#bySession.has(session)) {
      this.#bySession.set(session, others);
      session.onClose((ended) => this.#dropAll(ended));
    }
    const filter = types && new Set(types);
    const subscription = { session, topics: [...new Set(topics)], types: filter, lease: undefined, live: false };
    others.set(id, subscription);
    return subscription;
  }

  /** Whether the event is for the session, or why not. */
  standingOf(session: Session, event: Envelope): "live" | "not_live" | "filtered_by_type" | "not_a_member" {
    const watching = [...(this.#bySession.get(session)?.values() ?? [])].filter(({ topics }) =>
      topics.some((topic) => topicMatches(topic, event.room)),
    );
    const wanting = watching.filter(({ types }) => !types || types.has(event.type));
    if (wanting.some(({ live }) => live)) return "live";
    if (wanting.length > 0) return "not_live";
    return watching.length > 0 ? "filtered_by_type" : "not_a_member";
  }

  /** How many subscriptions the session has. */
  countOf(session: Session): number {
    return this.#bySession.get(session)?.size ?? 0;
  }

  #goLive(subscription: Subscription): void {
    for (const room of this.#ownRooms(subscription)) this.#deps.counts.entered(room);
    subscription.live = true;
    for (const channel of audiencesIn(subscription)) this.#deps.joined.join(subscription.session, channel);
  }

  #leaveAudiences(subscription: Subscription): void {
    if (!subscription.live) return;
    subscription.live = false;
    for (const channel of audiencesIn(subscription)) this.#deps.joined.leave(subscription.session, channel);
    for (const room of this.#ownRooms(subscription)) this.#deps.counts.left(room);
  }

  /** The rooms that it names, and no other live subscription of the session does. */
  *#ownRooms({ session, topics }: Subscription): Iterable<RoomName> {
    const others = [...(this.#bySession.get(session)?.values() ?? [])].filter(({ live }) => live);
    for (const topic of topics) {
      const room = roomOfTopic(topic);
      if (room !== undefined && !others.some((other) => other.topics.includes(topic))) yield room;
    }
  }

  #drop(session: Session, id: SubscriptionId, subscription: Subscription): void {
    this.#bySession.get(session)?.delete(id);
    this.#leaveAudiences(subscription);
    subscription.lease?.release();
  }

  #dropAll(session: Session): void {
    for (const [id, subscription] of [...(this.#bySession.get(session) ?? [])]) this.#drop(session, id, subscription);
    this.#bySession.delete(session);
  }
}

function* audiencesIn({ topics, types }: Subscription): Iterable<string> {
  for (const topic of topics) yield* channelsOfTopic(topic, types);
}

/** What the subscription is to, as a test for one event. */
function matcherOf({ topics, types }: Pick<Subscription, "topics" | "types">): (event: Envelope) => boolean {
  return ({ room, type }) => (!types || types.has(type)) && topics.some((topic) => topicMatches(topic, room));
}

function watchesHealth({ topics }: Subscription): boolean {
  return topics.some((topic) => topicMatches(topic, healthRoom));
}

function gone(): Rejection {
  return new Rejection("not_found", "The subscription was ended, or not allowed any more, before it was live.");
}
