import type { ConnectionCounts } from "../../shared/entities/server-stats.ts";
import type { ConnectionId, InstanceId } from "../../shared/ids.ts";
import type { Namespace } from "../../shared/namespace.ts";
import { Rejection } from "../../shared/rejection.ts";
import type { RoomCounts } from "../rooms/room-counts.ts";
import type { Session } from "../session/session.ts";
import type { Overview } from "../store/registry/cluster-view.ts";
import {
  type Changes,
  type ConnectionRecord,
  type InstanceReport,
  noChanges,
  type Registry,
  reportEveryMs,
  type Seat,
} from "../store/registry/registry.ts";
import { isCurrent, recordOf } from "./connection-record.ts";

export interface ReporterDeps {
  registry: Registry & Overview;
  sessions: Iterable<Session>;
  instanceId: InstanceId;
  roomCounts: RoomCounts;
  /** How many rooms and subscriptions the session has. */
  roomsOf(session: Session): number;
  /** What there is to say of the instance beside its connections. */
  describe(): Omit<InstanceReport, "connections">;
  /** How many connections a user may have, on all instances. */
  connectionsPerUser: number;
  failed(error: unknown): void;
}

/** Whoever has come or gone is told of after so long, together with all others of that time. */
const gatherMs = 100;
/** How much is said at once: the store does nothing else meanwhile. */
const saidAtOnce = 200;

/** Tells the registry what this instance carries: what is new after a moment, everything that differs every two seconds. */
export class Reporter {
  readonly #deps: ReporterDeps;
  readonly #timer: NodeJS.Timeout;
  /** What was said of each connection; `undefined` for those that have only been admitted. */
  readonly #said = new Map<ConnectionId, ConnectionRecord | undefined>();
  #opening = new Set<Session>();
  #ended: Seat[] = [];
  #gathering: NodeJS.Timeout | undefined;
  /** What is being said; the next one waits for it. */
  #saying: Promise<void> = Promise.resolve();
  #isInDoubt = true;
  #isClosed = false;

  constructor(deps: ReporterDeps) {
    this.#deps = deps;
    deps.roomCounts.whenChanged(() => this.#gather());
    this.#timer = setInterval(() => void this.#beat().catch(deps.failed), reportEveryMs).unref();
    void this.#beat().catch(deps.failed);
  }

  /** The registry may have lost what was said. */
  doubt(): void {
    this.#isInDoubt = true;
    this.#beat().catch(this.#deps.failed);
  }

  /** How many connections there are on each instance, here as they are now. */
  async counts(): Promise<ConnectionCounts[]> {
    const { instances } = await this.#deps.registry.instances();
    const others = instances.filter(({ instanceId }) => instanceId !== this.#deps.instanceId);
    return [countOf(this.#deps.sessions), ...others.map(({ connections }) => connections)];
  }

  /** Counts a connection that is about to be opened. Rejects with `limit_exceeded` when its user has enough. */
  async admit(session: Session): Promise<void> {
    const { registry, connectionsPerUser } = this.#deps;
    const seat = seatOf(session);
    let answer = await registry.admit(seat, connectionsPerUser);
    if (answer === "unknown") {
      this.#isInDoubt = true;
      await this.#beat();
      answer = await registry.admit(seat, connectionsPerUser);
    }
    if (answer === "unknown") throw new Rejection("unavailable", "The store forgets too quickly. Try again.");
    if (answer === "full") {
      throw new Rejection("limit_exceeded", `A user may have ${connectionsPerUser} connections. Close one first.`);
    }
    this.#said.set(session.connectionId, undefined);
    this.#opening.add(session);
    session.onClose(this.#end);
    this.#gather();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#gathering);
    await this.#saying;
    // Should the store be out of reach, the report expires by itself.
    await this.#deps.registry.leave().catch(() => {});
  }

  readonly #end = (session: Session) => {
    this.#opening.delete(session);
    this.#ended.push(this.#said.get(session.connectionId) ?? seatOf(session));
    this.#said.delete(session.connectionId);
    this.#gather();
  };

  #gather(): void {
    if (this.#isClosed || this.#gathering) return;
    this.#gathering = setTimeout(() => {
      this.#gathering = undefined;
      this.#inTurn(() => this.#sayNews()).catch(this.#deps.failed);
    }, gatherMs).unref();
  }

  #beat(): Promise<void> {
    return this.#inTurn(() => (this.#isInDoubt ? this.#sayAfresh() : this.#sayDifferences()));
  }

  /** One after the other. What fails leaves in doubt what of it has come about. */
  #inTurn(say: () => Promise<void>): Promise<void> {
    const said = this.#saying.then(async () => {
      if (this.#isClosed) return;
      try {
        await say();
      } catch (error) {
        this.#isInDoubt = true;
        throw error;
      }
    });
    this.#saying = said.catch(() => {});
    return said;
  }

  /** Who has come and gone since, and the rooms of which that is so. While everything is in doubt that is said with the rest. */
  async #sayNews(): Promise<void> {
    if (this.#isInDoubt) return;
    const connections = [...this.#opening].flatMap((session) => this.#differenceOf(session));
    await this.#say(undefined, { connections, ended: this.#takeEnded(), rooms: this.#deps.roomCounts.takeChanges() });
  }

  async #sayDifferences(): Promise<void> {
    const { sessions, roomCounts } = this.#deps;
    const connections: ConnectionRecord[] = [];
    for (const session of sessions) connections.push(...this.#differenceOf(session));
    await this.#say(this.#report(), { connections, ended: this.#takeEnded(), rooms: roomCounts.takeChanges() });
  }

  async #sayAfresh(): Promise<void> {
    const { registry, sessions, roomCounts } = this.#deps;
    this.#ended = [];
    const known = new Set(this.#said.keys());
    const connections: ConnectionRecord[] = [];
    for (const session of sessions) {
      if (!known.has(session.connectionId)) continue;
      const record = recordOf(session, this.#deps.roomsOf(session));
      this.#said.set(session.connectionId, record);
      connections.push(record);
    }
    await registry.report(this.#report(), noChanges, true);
    this.#isInDoubt = false;
    await this.#say(undefined, { connections, ended: [], rooms: roomCounts.takeAll() });
  }

  async #say(report: InstanceReport | undefined, changes: Changes): Promise<void> {
    let own = report;
    for (const portion of portionsOf(changes)) {
      if (!own && Object.values(portion).every(({ length }) => length === 0)) continue;
      const isKnown = await this.#deps.registry.report(own, portion, false);
      own = undefined;
      if (isKnown) continue;
      this.#isInDoubt = true;
      return;
    }
  }

  /** What is to be said of the session, if anything is; it counts as said. */
  #differenceOf(session: Session): ConnectionRecord[] {
    // Let in before it was counted, or gone.
    if (!this.#said.has(session.connectionId) || session.life.state === "authenticated") return [];
    this.#opening.delete(session);
    const rooms = this.#deps.roomsOf(session);
    const said = this.#said.get(session.connectionId);
    if (said && isCurrent(said, session, rooms)) return [];
    const record = recordOf(session, rooms);
    if (said && said.namespace !== record.namespace) this.#ended.push(said);
    this.#said.set(session.connectionId, record);
    return [record];
  }

  #takeEnded(): Seat[] {
    return this.#ended.splice(0);
  }

  #report(): InstanceReport {
    return { ...this.#deps.describe(), connections: countOf(this.#deps.sessions) };
  }
}

/** Who has ended comes first: a connection that counts elsewhere now has ended where it did before. */
function* portionsOf({ connections, ended, rooms }: Changes): Iterable<Changes> {
  for (let at = saidAtOnce; at < ended.length; at += saidAtOnce) {
    yield { ...noChanges, ended: ended.slice(at, at + saidAtOnce) };
  }
  for (let at = 0; at === 0 || at < Math.max(connections.length, rooms.length); at += saidAtOnce) {
    const portion = <T>(all: readonly T[]) => all.slice(at, at + saidAtOnce);
    yield { connections: portion(connections), ended: at === 0 ? portion(ended) : [], rooms: portion(rooms) };
  }
}

const seatOf = ({ connectionId, principal, namespaces }: Session): Seat => ({
  connectionId,
  userId: principal.userId,
  namespace: namespaces[0] ?? "/chat",
});

const nameOf: Record<Namespace, keyof ConnectionCounts> = {
  "/chat": "chat",
  "/monitoring": "monitoring",
  "/admin": "admin",
  "/agents": "agents",
};

/** A plain WebSocket may serve two namespaces and counts in the first, so that the sum is right. */
export function countOf(sessions: Iterable<Session>): ConnectionCounts {
  const counts = { chat: 0, monitoring: 0, admin: 0, agents: 0 };
  for (const { namespaces: served } of sessions) if (served[0]) counts[nameOf[served[0]]]++;
  return counts;
}
