import type { CommandData } from "../../shared/commands/catalogue.ts";
import { limits } from "../../shared/limits.ts";
import { logOfRoom, type RoomName } from "../../shared/room.ts";
import type { Clock } from "../runtime/clock.ts";
import type { EventLog } from "../store/log/event-log.ts";
import type { Presence } from "../store/presence/presence.ts";
import type { ClusterView } from "../store/registry/cluster-view.ts";

interface RoomViewDeps {
  clusterView: ClusterView;
  presence: Presence;
  log: EventLog;
  clock: Clock;
}

export type RoomView = CommandData<"/admin", "admin.room">;

/** The period over which the rate is measured. */
const windowMs = 10_000;
const eventsRead = 500;

/** A room as seen by all instances; an unused room is an empty one. */
export async function readRoom(room: RoomName, { clusterView, presence, log, clock }: RoomViewDeps): Promise<RoomView> {
  const [connections, present, { bounds, events }] = await Promise.all([
    clusterView.connectionsIn(room),
    presence.members(room, limits.membersInReply),
    log.readBack(logOfRoom(room), undefined, eventsRead),
  ]);
  const now = clock.now();
  const recent = events.filter(({ timestamp }) => now - Date.parse(timestamp) < windowMs);
  // If there were more events than were read, the ones read cover less than the period.
  const isCut = recent.length === eventsRead;
  const spanMs = isCut ? now - Date.parse(recent[0]?.timestamp ?? "") : windowMs;
  const count = recent.filter((event) => event.room === room).length;
  return {
    room,
    connections,
    ...present,
    position: bounds.last === 0 ? null : { epoch: bounds.epoch, offset: bounds.last },
    rate: Math.round((count / Math.max(1, spanMs)) * 10_000) / 10,
  };
}
