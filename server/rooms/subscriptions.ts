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

interface SubscriptionsDeps {
  access: Access;
  tails: LogTails;
  catchUp: FilteredCatchUp;
  joined: ChannelMemberships;
  counts: Pick<RoomCounts, "entered" | "left">;
  health: Pick<HealthUpdates, "latest">;
  /** How many subscriptions a connection may have. */
  subscriptionsPerConnection: number;
}

type Subscribe = CommandPayload<"/monitoring", "subscribe">;
type Subscribed = Omit<CommandData<"/monitoring", "subscribe">, "id">;

/** A subscription. If it is dropped before it is live, its command is refused. */
interface Subscription {
  session: Session;
  topics: readonly Topic[];
  types: ReadonlySet<EventType> | undefined;
  /** Absent until the tail of the log is open. */
  handle: TailHandle | undefined;
  live: boolean;
}

/** The subscriptions of this instance's sessions to topics of `/monitoring`, which share one log. */
export class Subscriptions {
  readonly #deps: SubscriptionsDeps;
  readonly #bySession = new Map<Session, Map<SubscriptionId, Subscription>>();

  constructor(deps: SubscriptionsDeps) {
    this.#deps = deps;
  }

  /**
   * Brings the session from `after`, or the latest matching events, to live. Replaces a subscription with the same id,
   * unless it rejects with `forbidden` or `limit_exceeded`.
   */
  async subscribe(session: Session, command: Subscribe): Promise<DeferredReply<Subscribed>> {
    const { id, after, limit } = command;
    const { catchUp, health } = this.#deps;
    const subscription = this.#enter(session, command);
    const matches = matcherOf(subscription);
    try {
      const handle = await this.#deps.tails.open(monitoringLog);
      subscription.handle = handle;
      // If the subscription was dropped during the await, its handle was not there to be released.
      if (!this.#isCurrent(session, id, subscription)) handle.release();
      const [history, latest] = await Promise.all([
        catchUp.start(handle.tail, matches, after, limit),
        watchesHealth(subscription) ? health.latest() : () => [],
      ]);

      const finish = (): Subscribed => {
        if (!this.#isCurrent(session, id, subscription)) throw endedEarly();
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

  /** Does nothing if there is no such subscription. */
  unsubscribe(session: Session, id: SubscriptionId): void {
    const subscription = this.#bySession.get(session)?.get(id);
    if (subscription) this.#drop(session, id, subscription);
  }

  /** After a change of token: leaves the topics that the session may no longer watch, and notifies the client. */
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
        this.#leaveChannels(subscription);
        subscription.topics = allowed;
        this.#goLive(subscription);
      }
    }
    for (const room of forbidden) session.send("system.room.left", { room, reason: "forbidden" });
  }

  /** The log has lost history: sends each client with a live subscription, once, the position where delivery continues. */
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

  /** Adds a subscription that is not live yet: events until then are in the reply, and must not arrive twice. */
  #enter(session: Session, { id, topics, types }: Subscribe): Subscription {
    const { access, subscriptionsPerConnection } = this.#deps;
    const forbidden = topics.find((topic) => !access.mayWatch(session.principal, topic));
    if (forbidden !== undefined) throw new Rejection("forbidden", `You may not watch ${forbidden}.`);
    const subscriptions = this.#bySession.get(session) ?? new Map<SubscriptionId, Subscription>();
    const before = subscriptions.get(id);
    if (!before && subscriptions.size >= subscriptionsPerConnection) {
      throw new Rejection(
        "limit_exceeded",
        `A connection may have ${subscriptionsPerConnection} subscriptions. End one first.`,
      );
    }
    if (!session.isOpen) throw endedEarly();
    if (before) this.#drop(session, id, before);
    if (!this.#bySession.has(session)) {
      this.#bySession.set(session, subscriptions);
      session.onClose((ended) => this.#dropAll(ended));
    }
    const filter = types && new Set(types);
    const subscription = { session, topics: [...new Set(topics)], types: filter, handle: undefined, live: false };
    subscriptions.set(id, subscription);
    return subscription;
  }

  /** Whether the session receives the event, or why not. */
  standingOf(session: Session, event: Envelope): "live" | "not_live" | "filtered_by_type" | "not_a_member" {
    const watching = [...(this.#bySession.get(session)?.values() ?? [])].filter(({ topics }) =>
      topics.some((topic) => topicMatches(topic, event.room)),
    );
    const wanting = watching.filter(({ types }) => !types || types.has(event.type));
    if (wanting.some(({ live }) => live)) return "live";
    if (wanting.length > 0) return "not_live";
    return watching.length > 0 ? "filtered_by_type" : "not_a_member";
  }

  countOf(session: Session): number {
    return this.#bySession.get(session)?.size ?? 0;
  }

  #goLive(subscription: Subscription): void {
    for (const room of this.#exclusiveRooms(subscription)) this.#deps.counts.entered(room);
    subscription.live = true;
    for (const channel of channelsIn(subscription)) this.#deps.joined.join(subscription.session, channel);
  }

  #leaveChannels(subscription: Subscription): void {
    if (!subscription.live) return;
    subscription.live = false;
    for (const channel of channelsIn(subscription)) this.#deps.joined.leave(subscription.session, channel);
    for (const room of this.#exclusiveRooms(subscription)) this.#deps.counts.left(room);
  }

  /** The rooms that only this subscription of the session's live ones includes. */
  *#exclusiveRooms({ session, topics }: Subscription): Iterable<RoomName> {
    const live = [...(this.#bySession.get(session)?.values() ?? [])].filter((subscription) => subscription.live);
    for (const topic of topics) {
      const room = roomOfTopic(topic);
      if (room !== undefined && !live.some((other) => other.topics.includes(topic))) yield room;
    }
  }

  #drop(session: Session, id: SubscriptionId, subscription: Subscription): void {
    this.#bySession.get(session)?.delete(id);
    this.#leaveChannels(subscription);
    subscription.handle?.release();
  }

  #dropAll(session: Session): void {
    for (const [id, subscription] of [...(this.#bySession.get(session) ?? [])]) this.#drop(session, id, subscription);
    this.#bySession.delete(session);
  }
}

function* channelsIn({ topics, types }: Subscription): Iterable<string> {
  for (const topic of topics) yield* channelsOfTopic(topic, types);
}

/** Whether an event matches the subscription. */
function matcherOf({ topics, types }: Pick<Subscription, "topics" | "types">): (event: Envelope) => boolean {
  return ({ room, type }) => (!types || types.has(type)) && topics.some((topic) => topicMatches(topic, room));
}

function watchesHealth({ topics }: Subscription): boolean {
  return topics.some((topic) => topicMatches(topic, healthRoom));
}

function endedEarly(): Rejection {
  return new Rejection("not_found", "The subscription was ended or forbidden before it was live.");
}
