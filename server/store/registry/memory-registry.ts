import type { ConnectionId, InstanceId, UserId } from "../../../shared/ids.ts";
import type { RoomName } from "../../../shared/room.ts";
import { timestampAt } from "../../runtime/clock.ts";
import { SetsByKey } from "../../runtime/sets-by-key.ts";
import { cursorAfter, placeIn } from "../cursor.ts";
import type { StoreTime } from "../store-time.ts";
import type { ClusterView } from "./cluster-view.ts";
import type { Changes, ConnectionKey, ConnectionRecord, InstanceReport, Registry } from "./registry.ts";
import { smallestAfter } from "./smallest-after.ts";

/** The registry of a single instance. */
export function createMemoryRegistry({ instanceId, time }: { instanceId: InstanceId; time: StoreTime }) {
  return new MemoryRegistry(instanceId, time);
}

interface Kept {
  userId: UserId;
  /** The sort key, the same as in the Redis twin. */
  key: string;
  /** `undefined` while it is being opened. */
  record: ConnectionRecord | undefined;
}

class MemoryRegistry implements Registry, ClusterView {
  readonly #instanceId: InstanceId;
  readonly #time: StoreTime;
  #report: { report: InstanceReport; lastSeen: string } | undefined;
  readonly #connections = new Map<ConnectionId, Kept>();
  readonly #byUser = new SetsByKey<UserId, Kept>();
  readonly #rooms = new Map<RoomName, number>();

  constructor(instanceId: InstanceId, time: StoreTime) {
    this.#instanceId = instanceId;
    this.#time = time;
  }

  async report(report: InstanceReport | undefined, changes: Changes, isSnapshot: boolean): Promise<boolean> {
    if (isSnapshot) this.#forget();
    if (report) this.#report = { report, lastSeen: timestampAt(this.#time.now()) };
    for (const ended of changes.ended) this.#remove(ended);
    for (const connection of changes.connections) this.#put(connection, connection);
    for (const [room, count] of changes.rooms) {
      if (count > 0) this.#rooms.set(room, count);
      else this.#rooms.delete(room);
    }
    return true;
  }

  async admit(connection: ConnectionKey, limit: number) {
    if ((this.#byUser.get(connection.userId)?.size ?? 0) >= limit) return "full";
    this.#put(connection, undefined);
    return "admitted";
  }

  async leave(): Promise<void> {
    this.#forget();
    this.#report = undefined;
  }

  async instances() {
    const { report, lastSeen = "" } = this.#report ?? {};
    const instances = report ? [{ instanceId: this.#instanceId, lastSeen, ...report }] : [];
    return { instances, rooms: this.#rooms.size };
  }

  async connections({ cursor, limit, userId, namespace }: Parameters<ClusterView["connections"]>[0]) {
    const [after] = placeIn(cursor, ["text"]);
    const found = smallestAfter(this.#matching(userId, namespace), after, limit + 1);
    const connections = found.slice(0, limit).flatMap((key) => this.#find(idIn(key)) ?? []);
    return { connections, nextCursor: cursorAfter(found, limit, (key) => [key]) };
  }

  async connection(id: ConnectionId) {
    return this.#find(id);
  }

  async connectionsOf(userId: UserId): Promise<number> {
    return this.#byUser.get(userId)?.size ?? 0;
  }

  async connectionIdsOf(userId: UserId): Promise<ConnectionId[]> {
    return [...(this.#byUser.get(userId) ?? [])].map(({ key }) => idIn(key));
  }

  async rooms({ cursor, limit, prefix = "" }: Parameters<ClusterView["rooms"]>[0]) {
    const [after] = placeIn(cursor, ["text"]);
    const found = smallestAfter(this.#roomsWith(prefix), after, limit + 1) as RoomName[];
    const rooms = found.slice(0, limit).map((room) => ({ room, connections: this.#rooms.get(room) ?? 0 }));
    return { rooms, nextCursor: cursorAfter(found, limit, (room) => [room]) };
  }

  async connectionsIn(room: RoomName): Promise<number> {
    return this.#rooms.get(room) ?? 0;
  }

  *#matching(userId: UserId | undefined, namespace: ConnectionRecord["namespace"] | undefined): Iterable<string> {
    const kept = userId === undefined ? this.#connections.values() : (this.#byUser.get(userId) ?? []);
    for (const { key, record } of kept) {
      if (record && (namespace === undefined || record.namespace === namespace)) yield key;
    }
  }

  *#roomsWith(prefix: string): Iterable<string> {
    for (const room of this.#rooms.keys()) if (room.startsWith(prefix)) yield room;
  }

  #find(id: ConnectionId) {
    const record = this.#connections.get(id)?.record;
    return record && { ...record, instanceId: this.#instanceId };
  }

  /** The user of a connection never changes. */
  #put({ connectionId, userId }: ConnectionKey, record: ConnectionRecord | undefined): void {
    const before = this.#connections.get(connectionId);
    if (before) {
      before.record = record;
      return;
    }
    const kept: Kept = { userId, key: `${userId} ${connectionId}`, record };
    this.#connections.set(connectionId, kept);
    this.#byUser.addTo(userId, kept);
  }

  #remove({ connectionId }: ConnectionKey): void {
    const kept = this.#connections.get(connectionId);
    if (!kept) return;
    this.#connections.delete(connectionId);
    this.#byUser.removeFrom(kept.userId, kept);
  }

  #forget(): void {
    for (const kept of [this.#connections, this.#byUser, this.#rooms]) kept.clear();
  }
}

/** The connection in a key. Neither of the key's two parts contains a space. */
const idIn = (key: string) => key.slice(key.lastIndexOf(" ") + 1) as ConnectionId;
