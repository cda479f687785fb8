import type { Envelope } from "../../shared/envelope.ts";
import type { Broadcast } from "../deliver/broadcast.ts";
import { Audiences } from "../deliver/channel-matcher.ts";
import type { LogFeedDeps } from "../deliver/log-tail.ts";
import { Feeds, type FeedsOptions } from "../deliver/log-tails.ts";
import type { Outlet } from "../deliver/sink.ts";
import type { Counters } from "../observe/counters.ts";
import type { EventSpans } from "../observe/event-spans.ts";
import { Tracing } from "../operate/event-tracing.ts";
import type { HealthUpdates } from "../publish/health-updates.ts";
import { createCatchUp } from "../resume/catch-up.ts";
import { countReplays } from "../resume/count-replays.ts";
import { createFilteredCatchUp } from "../resume/filtered-catch-up.ts";
import { shareReads } from "../resume/share-reads.ts";
import { JoinedAudiences } from "../rooms/channel-memberships.ts";
import { Waiters } from "../rooms/long-poll-waiters.ts";
import { LongPolls } from "../rooms/long-polls.ts";
import { Rosters } from "../rooms/presence-snapshot.ts";
import { receiveBroadcasts } from "../rooms/receive-broadcasts.ts";
import { RoomCounts } from "../rooms/room-counts.ts";
import { Rooms } from "../rooms/rooms.ts";
import { Subscriptions } from "../rooms/subscriptions.ts";
import type { Clock } from "../runtime/clock.ts";
import { Sessions } from "../session/sessions.ts";
import type { EventLog } from "../store/log/event-log.ts";
import type { Closers } from "./closers.ts";
import type { Config } from "./config.ts";
import type { Domain } from "./open-domain.ts";

export interface FollowingDeps {
  config: Config;
  log: EventLog;
  domain: Domain;
  broadcast: Broadcast;
  health: HealthUpdates;
  feeds: Partial<FeedsOptions> | undefined;
  counters: Counters;
  /** `undefined`: no traces are kept. */
  eventSpans: EventSpans | undefined;
  clock: Clock;
  closers: Closers;
  failed(error: unknown): void;
}

export type Following = ReturnType<typeof openFollowing>;

/** Who follows which room, from where on, and how what the log announces gets to them. */
export function openFollowing(deps: FollowingDeps) {
  const { config, log, domain, broadcast, health, counters, eventSpans, clock, closers, failed } = deps;
  const { access, attendance, conversations, responses } = domain;

  const tracing = new Tracing();
  // Deliver: what the log announces, to every door
  const outlets: Outlet[] = [];
  const audiences = new Audiences();
  const putOut = (event: Envelope) => {
    const receivers = audiences.of(event);
    for (const outlet of outlets) outlet.deliver(event, receivers);
    if (tracing.isActive) tracing.reached(event);
  };
  const deliver = eventSpans ? eventSpans.around(putOut, counters) : putOut;
  const reset: LogFeedDeps["reset"] = (name, position, reason) => {
    rooms.reset(name, position, reason);
    subscriptions.reset(name, position, reason);
    counters.resets.add(reason);
  };
  const feeds = new Feeds({ log, deliver, failed, reset }, deps.feeds);
  closers.add("feeds", () => feeds.close());

  // Resume
  const sessions = new Sessions();
  const rosters = new Rosters();
  const roomCounts = new RoomCounts();
  const uncounted = createCatchUp({
    log: shareReads(log),
    finishedResponses: (room, ids) => responses.finished(room, ids),
  });
  const catchUp = { ...uncounted, start: countReplays(uncounted.start, counters) };
  const rooms = new Rooms({
    feeds,
    catchUp,
    attendance,
    rosters,
    counts: roomCounts,
    failed,
    roomsPerConnection: config.LIMIT_ROOMS_PER_CONNECTION,
  });
  const filtered = createFilteredCatchUp({ log });
  const filteredCatchUp = { ...filtered, start: countReplays(filtered.start, counters) };
  const subscriptions = new Subscriptions({
    access,
    feeds,
    catchUp: filteredCatchUp,
    joined: new JoinedAudiences({ audiences }),
    counts: roomCounts,
    health,
    subscriptionsPerConnection: config.LIMIT_SUBSCRIPTIONS_PER_CONNECTION,
  });
  const waiters = new Waiters({ audiences });
  outlets.push(waiters);
  const longPolls = new LongPolls({
    access,
    feeds,
    catchUp,
    filteredCatchUp,
    health,
    waiters,
    clock,
    waitingPerUser: config.LIMIT_CONNECTIONS_PER_USER,
  });
  receiveBroadcasts({ access, broadcast, conversations, rooms, rosters, sessions, deliver, failed });

  return { tracing, outlets, sessions, catchUp, rooms, roomCounts, subscriptions, waiters, longPolls };
}
