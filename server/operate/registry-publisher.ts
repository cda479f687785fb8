import type { ConnectionCounts } from "../../shared/entities/server-stats.ts";
import type { ConnectionId, InstanceId } from "../../shared/ids.ts";
import type { Namespace } from "../../shared/namespace.ts";
import { Rejection } from "../../shared/rejection.ts";
import type { RoomCounts } from "../rooms/room-counts.ts";
import type { Failed } from "../runtime/failed.ts";
import type { Session } from "../session/session.ts";
import type { ClusterView } from "../store/registry/cluster-view.ts";
import {
  type Changes,
  type ConnectionKey,
  type ConnectionRecord,
  type InstanceReport,
  noChanges,
  type Registry,
  reportEveryMs,
} from "../store/registry/registry.ts";
import { isCurrent, recordOf } from "./connection-record.ts";

interface RegistryPublisherDeps {
  registry: Registry & ClusterView;
  sessions: Iterable<Session>;
  instanceId: InstanceId;
  roomCounts: RoomCounts;
  /** The number of rooms and subscriptions of the session. */
  roomsOf(session: Session): number;
  /** The instance's report without its connections. */
  describe(): Omit<InstanceReport, "connections">;
  /** Connections that a user may have on all instances. */
  connectionsPerUser: number;
  failed: Failed;
}

/** How long changes are collected before they are published together. */
const gatherMs = 100;
/** Limits the time for which one report blocks the store. */
const recordsPerReport = 200;

/** Publishes this instance's state to the registry: changes after a moment, all differences every two seconds. */
export class RegistryPublisher {
  readonly #deps: RegistryPublisherDeps;
  readonly #timer: NodeJS.Timeout;
  /** The record published of each connection; `undefined` for those that have only been admitted. */
  readonly #published = new Map<ConnectionId, ConnectionRecord | undefined>();
  #opening = new Set<Session>();
  #ended: ConnectionKey[] = [];
  #changesTimer: NodeJS.Timeout | undefined;
  /** The report under way; the next one waits for it. */
  #publishing: Promise<void> = Promise.resolve();
  #isDirty = true;
  #isClosed = false;

  constructor(deps: RegistryPublisherDeps) {
    this.#deps = deps;
    deps.roomCounts.whenChanged(() => this.#scheduleChanges());
    this.#timer = setInterval(() => this.#heartbeatSoon(), reportEveryMs).unref();
    this.#heartbeatSoon();
  }

  /** The registry may have lost what was published: publishes a full snapshot. */
  markDirty(): void {
    this.#isDirty = true;
    this.#heartbeatSoon();
  }

  /** The connections of each instance; for this instance the current numbers. */
  async counts(): Promise<ConnectionCounts[]> {
    const { instances } = await this.#deps.registry.instances();
    const others = instances.filter(({ instanceId }) => instanceId !== this.#deps.instanceId);
    return [countOf(this.#deps.sessions), ...others.map(({ connections }) => connections)];
  }

  /** Counts a connection that is about to open. Rejects with `limit_exceeded` when its user has too many. */
  async admit(session: Session): Promise<void> {
    const { registry, connectionsPerUser } = this.#deps;
    const key = keyOf(session);
    let answer = await registry.admit(key, connectionsPerUser);
    if (answer === "unknown") {
      this.#isDirty = true;
      await this.#heartbeat();
      answer = await registry.admit(key, connectionsPerUser);
    }
    if (answer === "unknown")
      throw new Rejection("unavailable", "The store lost this instance's record again. Try again.");
    if (answer === "full") {
      throw new Rejection("limit_exceeded", `A user may have ${connectionsPerUser} connections. Close one first.`);
    }
    this.#published.set(session.connectionId, undefined);
    this.#opening.add(session);
    session.onClose(this.#end);
    this.#scheduleChanges();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#changesTimer);
    await this.#publishing;
    // If the store cannot be reached, the report expires by itself.
    await this.#deps.registry.leave().catch(() => {});
  }

  readonly #end = (session: Session) => {
    this.#opening.delete(session);
    this.#ended.push(this.#published.get(session.connectionId) ?? keyOf(session));
    this.#published.delete(session.connectionId);
    this.#scheduleChanges();
  };

  #scheduleChanges(): void {
    if (this.#isClosed || this.#changesTimer) return;
    this.#changesTimer = setTimeout(() => {
      this.#changesTimer = undefined;
      this.#enqueue(() => this.#publishChanges()).catch(this.#failed);
    }, gatherMs).unref();
  }

  #heartbeatSoon(): void {
    this.#heartbeat().catch(this.#failed);
  }

  readonly #failed = (error: unknown) =>
    this.#deps.failed("report this instance to the registry", error, { willRetry: true });

  #heartbeat(): Promise<void> {
    return this.#enqueue(() => (this.#isDirty ? this.#publishSnapshot() : this.#publishDifferences()));
  }

  /** Runs publications one after another. After a failure it is not known which parts arrived, so all is dirty. */
  #enqueue(publish: () => Promise<void>): Promise<void> {
    const published = this.#publishing.then(async () => {
      if (this.#isClosed) return;
      try {
        await publish();
      } catch (error) {
        this.#isDirty = true;
        throw error;
      }
    });
    this.#publishing = published.catch(() => {});
    return published;
  }

  /** Publishes connections and rooms that have changed. While dirty, the next full snapshot includes them. */
  async #publishChanges(): Promise<void> {
    if (this.#isDirty) return;
    const connections = [...this.#opening].flatMap((session) => this.#differenceOf(session));
    await this.#publish(undefined, {
      connections,
      ended: this.#takeEnded(),
      rooms: this.#deps.roomCounts.takeChanges(),
    });
  }

  async #publishDifferences(): Promise<void> {
    const { sessions, roomCounts } = this.#deps;
    const connections: ConnectionRecord[] = [];
    for (const session of sessions) connections.push(...this.#differenceOf(session));
    await this.#publish(this.#report(), { connections, ended: this.#takeEnded(), rooms: roomCounts.takeChanges() });
  }

  async #publishSnapshot(): Promise<void> {
    const { registry, sessions, roomCounts } = this.#deps;
    this.#ended = [];
    const known = new Set(this.#published.keys());
    const connections: ConnectionRecord[] = [];
    for (const session of sessions) {
      if (!known.has(session.connectionId)) continue;
      const record = recordOf(session, this.#deps.roomsOf(session));
      this.#published.set(session.connectionId, record);
      connections.push(record);
    }
    await registry.report(this.#report(), noChanges, true);
    this.#isDirty = false;
    await this.#publish(undefined, { connections, ended: [], rooms: roomCounts.takeAll() });
  }

  async #publish(report: InstanceReport | undefined, changes: Changes): Promise<void> {
    let unsent = report;
    for (const portion of portionsOf(changes)) {
      if (!unsent && Object.values(portion).every(({ length }) => length === 0)) continue;
      const isKnown = await this.#deps.registry.report(unsent, portion, false);
      unsent = undefined;
      if (isKnown) continue;
      this.#isDirty = true;
      return;
    }
  }

  /** The session's record if it differs from the published one; it then counts as published. */
  #differenceOf(session: Session): ConnectionRecord[] {
    // Not admitted yet, or ended, or not active yet.
    if (!this.#published.has(session.connectionId) || session.life.state === "authenticated") return [];
    this.#opening.delete(session);
    const rooms = this.#deps.roomsOf(session);
    const published = this.#published.get(session.connectionId);
    if (published && isCurrent(published, session, rooms)) return [];
    const record = recordOf(session, rooms);
    if (published && published.namespace !== record.namespace) this.#ended.push(published);
    this.#published.set(session.connectionId, record);
    return [record];
  }

  #takeEnded(): ConnectionKey[] {
    return this.#ended.splice(0);
  }

  #report(): InstanceReport {
    return { ...this.#deps.describe(), connections: countOf(this.#deps.sessions) };
  }
}

/** Ended connections come first: one that changes its namespace ends in the old one before it counts in the new. */
function* portionsOf({ connections, ended, rooms }: Changes): Iterable<Changes> {
  for (let at = recordsPerReport; at < ended.length; at += recordsPerReport) {
    yield { ...noChanges, ended: ended.slice(at, at + recordsPerReport) };
  }
  for (let at = 0; at === 0 || at < Math.max(connections.length, rooms.length); at += recordsPerReport) {
    const portion = <T>(all: readonly T[]) => all.slice(at, at + recordsPerReport);
    yield { connections: portion(connections), ended: at === 0 ? portion(ended) : [], rooms: portion(rooms) };
  }
}

const keyOf = ({ connectionId, principal, namespaces }: Session): ConnectionKey => ({
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

/** A plain WebSocket may serve two namespaces; it counts in the first, so that the sum is right. */
export function countOf(sessions: Iterable<Session>): ConnectionCounts {
  const counts = { chat: 0, monitoring: 0, admin: 0, agents: 0 };
  for (const { namespaces } of sessions) if (namespaces[0]) counts[nameOf[namespaces[0]]]++;
  return counts;
}
