import type { CommandData } from "../../shared/commands/catalogue.ts";
import { limits } from "../../shared/limits.ts";
import type { Position } from "../../shared/position.ts";
import { Rejection } from "../../shared/rejection.ts";
import { type LogName, logOfRoom, type RoomName } from "../../shared/room.ts";
import type { LogTail } from "../deliver/log-tail.ts";
import type { LogTails, TailHandle } from "../deliver/log-tails.ts";
import type { CatchUpFactory } from "../resume/catch-up.ts";
import type { Failed } from "../runtime/failed.ts";
import { DeferredReply } from "../session/deferred-reply.ts";
import type { Session } from "../session/session.ts";
import type { PresenceSnapshots } from "./presence-snapshot.ts";
import type { PresenceTracker } from "./presence-tracker.ts";
import type { RoomCounts } from "./room-counts.ts";

export interface RoomsDeps {
  tails: LogTails;
  catchUp: CatchUpFactory;
  presenceTracker: PresenceTracker;
  presenceSnapshots: PresenceSnapshots;
  counts: Pick<RoomCounts, "entered" | "left">;
  /** How many rooms a connection may be in. */
  roomsPerConnection: number;
  failed: Failed;
}

export type JoinReply = CommandData<"/chat", "join_room">;

/** A session's way into a room. While it is under way an eviction can still stop it. */
interface Entry {
  session: Session;
  room: RoomName;
  /** Absent until the log is followed. */
  lease: TailHandle | undefined;
  live: boolean;
}

/** Which of this instance's sessions are in which rooms. */
export class Rooms {
  readonly #deps: RoomsDeps;
  /** By log, for when something happens to one. */
  readonly #live = new Map<LogName, Set<Entry>>();
  readonly #entries = new Map<Session, Map<RoomName, Entry>>();
  readonly #leaveAll = (session: Session) => this.leaveAll(session);

  constructor(deps: RoomsDeps) {
    this.#deps = deps;
  }

  /** Also those that the session is on its way into. */
  roomsOf(session: Session): RoomName[] {
    return [...this.#entriesOf(session).keys()];
  }

  /** `undefined`: the session is not in the room, nor on its way. */
  standingOf(session: Session, room: RoomName): "live" | "not_live" | undefined {
    const entry = this.#entries.get(session)?.get(room);
    return entry && (entry.live ? "live" : "not_live");
  }

  /** How many {@link roomsOf} has. */
  countOf(session: Session): number {
    return this.#entries.get(session)?.size ?? 0;
  }

  /**
   * Brings the session from `after`, or the latest events, to live, if `authorise` does not reject.
   * A room that the session is in is left first; where joining it again fails, it stays left.
   */
  async join(
    session: Session,
    room: RoomName,
    after: Position | undefined,
    limit: number,
    authorise: () => Promise<void>,
  ): Promise<DeferredReply<JoinReply>> {
    const { presenceTracker, catchUp, presenceSnapshots, failed } = this.#deps;
    const entry = this.#enter(session, room);
    const presenceSnapshot = presenceSnapshots.open(room);
    let announce = () => {};
    /** Whatever the entry has become meanwhile, no trace of the attempt stays. */
    const leaveQuietly = () => {
      const { connectionId } = session;
      giveUp().catch((error: unknown) => failed("leave a room again", error, { willRetry: false, room, connectionId }));
    };
    const giveUp = async () => {
      presenceSnapshot.close();
      announce();
      if (this.#isCurrent(session, room, entry)) this.#drop(session, room, entry);
      await presenceTracker.leave(room, session, { grace: true });
    };
    try {
      // Not before there is an entry: an eviction that comes while this is looked up must find something to end.
      await authorise();
      const tail = await this.#follow(session, room, entry);
      const history = await catchUp.start(tail, room, after, limit);
      if (history.reachesLive) announce = await presenceTracker.enter(room, session);
      const present = await presenceTracker.members(room, limits.membersInReply);

      const finish = (): JoinReply => {
        if (!this.#isCurrent(session, room, entry)) {
          leaveQuietly();
          throw gone(room);
        }
        const resumed = history.finish();
        if (resumed.joined) this.#goLive(session, room, entry);
        return { room, ...resumed, ...presenceSnapshot.complete(present) };
      };
      const afterReply = () => {
        if (!entry.live) return leaveQuietly();
        presenceSnapshot.close();
        announce();
      };
      return new DeferredReply({ finish, afterReply });
    } catch (error) {
      await giveUp();
      throw error;
    }
  }

  /** Live at once, from now on: the rooms that a client is put into when it connects. */
  async follow(session: Session, room: RoomName): Promise<() => void> {
    const entry = this.#enter(session, room);
    await this.#follow(session, room, entry);
    return () => this.#goLive(session, room, entry);
  }

  /** Leaving a room that the session is not in changes nothing. */
  async leave(session: Session, room: RoomName, { grace }: { grace: boolean }): Promise<void> {
    const entry = this.#entriesOf(session).get(room);
    if (!entry) return;
    this.#drop(session, room, entry);
    await this.#deps.presenceTracker.leave(room, session, { grace });
  }

  /** For a connection that has ended. */
  async leaveAll(session: Session): Promise<void> {
    const rooms = [...this.#entriesOf(session).keys()];
    const left = rooms.map((room) => this.leave(session, room, { grace: true }));
    this.#entries.delete(session);
    await Promise.all(left);
  }

  /** Takes the session out, and tells it so. */
  async evict(session: Session, room: RoomName, reason: string): Promise<void> {
    if (!this.#entriesOf(session).has(room)) return;
    const left = this.leave(session, room, { grace: false });
    session.send("system.room.left", { room, reason });
    await left;
  }

  /** The log has lost history: everybody in one of its rooms is told where it goes on. */
  reset(log: LogName, position: Position, reason: string): void {
    for (const { session, room } of this.#live.get(log) ?? []) {
      session.send("system.room.reset", { room, position, reason });
    }
  }

  #entriesOf(session: Session): Map<RoomName, Entry> {
    return this.#entries.get(session) ?? new Map();
  }

  #isCurrent(session: Session, room: RoomName, entry: Entry): boolean {
    return session.isOpen && this.#entriesOf(session).get(room) === entry;
  }

  /** Not live until the catch-up is done: what comes meanwhile is in the reply, and would come twice. */
  #enter(session: Session, room: RoomName): Entry {
    const entries = this.#entriesOf(session);
    const before = entries.get(room);
    if (!before && entries.size >= this.#deps.roomsPerConnection) {
      const { roomsPerConnection } = this.#deps;
      throw new Rejection("limit_exceeded", `A connection may be in ${roomsPerConnection} rooms. Leave one first.`);
    }
    if (!session.isOpen) throw gone(room);
    if (before) this.#drop(session, room, before);
    if (!this.#entries.has(session)) {
      this.#entries.set(session, new Map());
      session.onClose(this.#leaveAll);
    }
    const entry: Entry = { session, room, lease: undefined, live: false };
    this.#entriesOf(session).set(room, entry);
    return entry;
  }

  async #follow(session: Session, room: RoomName, entry: Entry): Promise<LogTail> {
    const lease = await this.#deps.tails.open(logOfRoom(room));
    if (!this.#isCurrent(session, room, entry)) {
      lease.release();
      throw gone(room);
    }
    entry.lease = lease;
    return lease.tail;
  }

  #goLive(session: Session, room: RoomName, entry: Entry): void {
    entry.live = true;
    session.transport.join(room);
    this.#deps.counts.entered(room);
    const log = logOfRoom(room);
    this.#live.set(log, (this.#live.get(log) ?? new Set()).add(entry));
  }

  #drop(session: Session, room: RoomName, entry: Entry): void {
    this.#entriesOf(session).delete(room);
    session.transport.leave(room);
    if (entry.live) this.#deps.counts.left(room);
    entry.lease?.release();
    const log = logOfRoom(room);
    const live = this.#live.get(log);
    live?.delete(entry);
    if (live?.size === 0) this.#live.delete(log);
  }
}

function gone(room: RoomName): Rejection {
  return new Rejection("not_found", `The connection left ${room} before it was in.`);
}
