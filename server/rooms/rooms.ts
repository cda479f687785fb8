import type { CommandData } from "../../shared/commands/catalogue.ts";
import { limits } from "../../shared/limits.ts";
import type { Position } from "../../shared/position.ts";
import { Rejection } from "../../shared/rejection.ts";
import { type LogName, logOfRoom, type RoomName } from "../../shared/room.ts";
import type { LogTail } from "../deliver/log-tail.ts";
import type { LogTails, TailHandle } from "../deliver/log-tails.ts";
import type { CatchUpFactory } from "../resume/catch-up.ts";
import type { Failed } from "../runtime/failed.ts";
import { SetsByKey } from "../runtime/sets-by-key.ts";
import { DeferredReply } from "../session/deferred-reply.ts";
import type { Session } from "../session/session.ts";
import type { PresenceSnapshots } from "./presence-snapshot.ts";
import type { PresenceTracker } from "./presence-tracker.ts";
import type { RoomCounts } from "./room-counts.ts";

interface RoomsDeps {
  tails: LogTails;
  catchUp: CatchUpFactory;
  presenceTracker: PresenceTracker;
  presenceSnapshots: PresenceSnapshots;
  counts: Pick<RoomCounts, "entered" | "left">;
  /** How many rooms a connection may be in. */
  roomsPerConnection: number;
  failed: Failed;
}

type JoinReply = CommandData<"/chat", "join_room">;

/** A session's place in a room. Until it is live, an eviction can still cancel the join. */
interface Entry {
  session: Session;
  room: RoomName;
  /** Absent until the tail of the room's log is open. */
  handle: TailHandle | undefined;
  live: boolean;
}

/** Which of this instance's sessions are in which rooms. */
export class Rooms {
  readonly #deps: RoomsDeps;
  /** The live entries in all rooms of a log, which are notified when the log loses history. */
  readonly #live = new SetsByKey<LogName, Entry>();
  readonly #entries = new Map<Session, Map<RoomName, Entry>>();
  readonly #leaveAll = (session: Session) => this.leaveAll(session);

  constructor(deps: RoomsDeps) {
    this.#deps = deps;
  }

  /** Includes rooms whose join is still under way. */
  roomsOf(session: Session): RoomName[] {
    return [...this.#entriesOf(session).keys()];
  }

  /** `undefined`: the session is neither in the room nor joining it. */
  standingOf(session: Session, room: RoomName): "live" | "not_live" | undefined {
    const entry = this.#entries.get(session)?.get(room);
    return entry && (entry.live ? "live" : "not_live");
  }

  /** The number of {@link roomsOf}. */
  countOf(session: Session): number {
    return this.#entries.get(session)?.size ?? 0;
  }

  /**
   * Brings the session from `after`, or the latest events, to live, if `authorise` does not reject. A session that
   * is in the room already leaves it first, and stays out if the new join fails.
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
    let publishJoined = () => {};
    /** Undoes the join. Keeps the entry of a newer join of the same room. */
    const undo = async () => {
      presenceSnapshot.close();
      // The other members are going to be told that the user has left.
      publishJoined();
      if (this.#isCurrent(session, room, entry)) this.#drop(session, room, entry);
      await presenceTracker.leave(room, session, { grace: true });
    };
    const undoInBackground = () => {
      const { connectionId } = session;
      undo().catch((error: unknown) => failed("undo a join", error, { willRetry: false, room, connectionId }));
    };
    try {
      // After the entry exists: an eviction during this lookup must find an entry to remove.
      await authorise();
      const tail = await this.#openTail(session, room, entry);
      const history = await catchUp.start(tail, room, after, limit);
      if (history.reachesLive) publishJoined = await presenceTracker.enter(room, session);
      const present = await presenceTracker.members(room, limits.membersInReply);

      const finish = (): JoinReply => {
        if (!this.#isCurrent(session, room, entry)) {
          undoInBackground();
          throw leftEarly(room);
        }
        const resumed = history.finish();
        if (resumed.joined) this.#goLive(session, room, entry);
        return { room, ...resumed, ...presenceSnapshot.complete(present) };
      };
      const afterReply = () => {
        if (!entry.live) return undoInBackground();
        presenceSnapshot.close();
        publishJoined();
      };
      return new DeferredReply({ finish, afterReply });
    } catch (error) {
      await undo();
      throw error;
    }
  }

  /**
   * Joins a room without history, for `user:` and `broadcast`, which each client of `/chat` is in from the start unless it wants none: access is not asked. Call the returned function when
   * the client may receive events.
   */
  async joinFromNow(session: Session, room: RoomName): Promise<() => void> {
    const entry = this.#enter(session, room);
    await this.#openTail(session, room, entry);
    return () => this.#goLive(session, room, entry);
  }

  /** Does nothing if the session is not in the room. */
  async leave(session: Session, room: RoomName, { grace }: { grace: boolean }): Promise<void> {
    const entry = this.#entriesOf(session).get(room);
    if (!entry) return;
    this.#drop(session, room, entry);
    await this.#deps.presenceTracker.leave(room, session, { grace });
  }

  /** Leaves all rooms, after the connection has ended. */
  async leaveAll(session: Session): Promise<void> {
    const rooms = [...this.#entriesOf(session).keys()];
    const left = rooms.map((room) => this.leave(session, room, { grace: true }));
    this.#entries.delete(session);
    await Promise.all(left);
  }

  /** Removes the session from the room and notifies the client. */
  async evict(session: Session, room: RoomName, reason: string): Promise<void> {
    if (!this.#entriesOf(session).has(room)) return;
    const left = this.leave(session, room, { grace: false });
    session.send("system.room.left", { room, reason });
    await left;
  }

  /** The log has lost history: sends each client in its rooms the position where delivery continues. */
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

  /** Adds an entry that is not live yet: events until then are in the reply of the join, and must not arrive twice. */
  #enter(session: Session, room: RoomName): Entry {
    const entries = this.#entriesOf(session);
    const before = entries.get(room);
    if (!before && entries.size >= this.#deps.roomsPerConnection) {
      const { roomsPerConnection } = this.#deps;
      throw new Rejection("limit_exceeded", `A connection may be in ${roomsPerConnection} rooms. Leave one first.`);
    }
    if (!session.isOpen) throw leftEarly(room);
    if (before) this.#drop(session, room, before);
    if (!this.#entries.has(session)) {
      this.#entries.set(session, new Map());
      session.onClose(this.#leaveAll);
    }
    const entry: Entry = { session, room, handle: undefined, live: false };
    this.#entriesOf(session).set(room, entry);
    return entry;
  }

  /** Opens the tail of the room's log, so that events arrive. Rejects if the session has left the room meanwhile. */
  async #openTail(session: Session, room: RoomName, entry: Entry): Promise<LogTail> {
    const handle = await this.#deps.tails.open(logOfRoom(room));
    if (!this.#isCurrent(session, room, entry)) {
      handle.release();
      throw leftEarly(room);
    }
    entry.handle = handle;
    return handle.tail;
  }

  #goLive(session: Session, room: RoomName, entry: Entry): void {
    entry.live = true;
    session.transport.join(room);
    this.#deps.counts.entered(room);
    this.#live.addTo(logOfRoom(room), entry);
  }

  #drop(session: Session, room: RoomName, entry: Entry): void {
    this.#entriesOf(session).delete(room);
    session.transport.leave(room);
    if (entry.live) this.#deps.counts.left(room);
    entry.handle?.release();
    this.#live.removeFrom(logOfRoom(room), entry);
  }
}

function leftEarly(room: RoomName): Rejection {
  return new Rejection("not_found", `The connection left ${room} before the join was complete.`);
}
