import type { Envelope } from "../../shared/envelope.ts";
import type { Broadcast } from "../deliver/broadcast.ts";
import { ChannelMatcher } from "../deliver/channel-matcher.ts";
import type { LogTailDeps } from "../deliver/log-tail.ts";
import { LogTails, type LogTailsOptions } from "../deliver/log-tails.ts";
import type { Sink } from "../deliver/sink.ts";
import type { Counters } from "../observe/counters.ts";
import type { EventSpans } from "../observe/event-spans.ts";
import { EventTracing } from "../operate/event-tracing.ts";
import type { HealthUpdates } from "../publish/health-updates.ts";
import { createCatchUp } from "../resume/catch-up.ts";
import { countReplays } from "../resume/count-replays.ts";
import { createFilteredCatchUp } from "../resume/filtered-catch-up.ts";
import { shareReads } from "../resume/share-reads.ts";
import { ChannelMemberships } from "../rooms/channel-memberships.ts";
import { LongPollWaiters } from "../rooms/long-poll-waiters.ts";
import { LongPolls } from "../rooms/long-polls.ts";
import { PresenceSnapshots } from "../rooms/presence-snapshot.ts";
import { receiveBroadcasts } from "../rooms/receive-broadcasts.ts";
import { RoomCounts } from "../rooms/room-counts.ts";
import { Rooms } from "../rooms/rooms.ts";
import { Subscriptions } from "../rooms/subscriptions.ts";
import { Sessions } from "../session/sessions.ts";
import type { EventLog } from "../store/log/event-log.ts";
import type { Foundation } from "./foundation.ts";
import type { Domain } from "./open-domain.ts";

interface DeliveryDeps extends Foundation {
  log: EventLog;
  domain: Domain;
  broadcast: Broadcast;
  health: HealthUpdates;
  tails: Partial<LogTailsOptions> | undefined;
  counters: Counters;
  /** `undefined`: no spans are recorded. */
  eventSpans: EventSpans | undefined;
}

export type Delivery = ReturnType<typeof openDelivery>;

/** Opens rooms, subscriptions and presence, and the delivery of log events to them. */
export function openDelivery(deps: DeliveryDeps) {
  const { config, log, domain, broadcast, health, counters, eventSpans, clock, closers, failed } = deps;
  const { access, presenceTracker, conversations, responses } = domain;

  const tracing = new EventTracing();
  // Deliver: from the log's tails to every door
  const sinks: Sink[] = [];
  const matcher = new ChannelMatcher();
  const putOut = (event: Envelope) => {
    const subscribers = matcher.channelsOf(event);
    for (const sink of sinks) sink.deliver(event, subscribers);
    if (tracing.isActive) tracing.reached(event);
  };
  const deliver = eventSpans ? eventSpans.around(putOut, counters) : putOut;
  const reset: LogTailDeps["reset"] = (name, position, reason) => {
    rooms.reset(name, position, reason);
    subscriptions.reset(name, position, reason);
    counters.resets.add(reason);
  };
  const tails = new LogTails({ log, deliver, failed, reset }, deps.tails);
  closers.add("tails", () => tails.close());

  // Resume
  const sessions = new Sessions();
  const presenceSnapshots = new PresenceSnapshots();
  const roomCounts = new RoomCounts();
  const uncounted = createCatchUp({
    log: shareReads(log),
    finishedResponses: (room, ids) => responses.finished(room, ids),
  });
  const catchUp = { ...uncounted, start: countReplays(uncounted.start, counters) };
  const rooms = new Rooms({
    tails,
    catchUp,
    presenceTracker,
    presenceSnapshots,
    counts: roomCounts,
    failed,
    roomsPerConnection: config.LIMIT_ROOMS_PER_CONNECTION,
  });
  const filtered = createFilteredCatchUp({ log });
  const filteredCatchUp = { ...filtered, start: countReplays(filtered.start, counters) };
  const subscriptions = new Subscriptions({
    access,
    tails,
    catchUp: filteredCatchUp,
    joined: new ChannelMemberships({ matcher }),
    counts: roomCounts,
    health,
    subscriptionsPerConnection: config.LIMIT_SUBSCRIPTIONS_PER_CONNECTION,
  });
  const waiters = new LongPollWaiters({ matcher });
  sinks.push(waiters);
  const longPolls = new LongPolls({
    access,
    tails,
    catchUp,
    filteredCatchUp,
    health,
    waiters,
    clock,
    waitingPerUser: config.LIMIT_CONNECTIONS_PER_USER,
  });
  receiveBroadcasts({ access, broadcast, conversations, rooms, presenceSnapshots, sessions, deliver, failed });

  return { tracing, sinks, sessions, catchUp, rooms, roomCounts, subscriptions, waiters, longPolls };
}
