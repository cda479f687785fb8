import type { InstanceId, UserId } from "../../shared/ids.ts";
import type { RoomName } from "../../shared/room.ts";
import { type Clock, timestampOf } from "../clock.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import type { Overview } from "./overview.ts";
import type { Changes, ConnectionRecord, InstanceReport, Registry, Seat } from "./registry.ts";
import { smallestAfter } from "./smallest-after.ts";

/** One instance. */
export function createMemoryRegistry({ instanceId, clock }: { instanceId: InstanceId; clock: Clock }) {
  return new MemoryRegistry(instanceId, clock);
}

/** As the Redis twin orders them. */
const keyOf = ({ userId, connectionId }: Seat) => `${userId} ${connectionId}`;

class MemoryRegistry implements Registry, Overview {
  readonly #instanceId: InstanceId;
  readonly #clock: Clock;
  #report: { report: InstanceReport; lastSeen: string } | undefined;
  /** By their keys; `undefined` while they are being opened. */
  readonly #connections = new Map<string, ConnectionRecord | undefined>();
  readonly #keys = new Map<string, string>();
  readonly #byUser = new Map<UserId, Set<string>>();
  readonly #rooms = new Map<RoomName, number>();

  constructor(instanceId: InstanceId, clock: Clock) {
    this.#instanceId = instanceId;
    this.#clock = clock;
  }

  async report(report: InstanceReport | undefined, changes: Changes, afresh: boolean): Promise<boolean> {
    if (afresh) this.#forget();
    if (report) this.#report = { report, lastSeen: timestampOf(this.#clock) };
    for (const ended of changes.ended) this.#remove(ended);
    for (const connection of changes.connections) this.#put(connection, connection);
    for (const [room, count] of changes.rooms) {
      if (count > 0) this.#rooms.set(room, count);
      else this.#rooms.delete(room);
    }
    return true;
  }

  async admit(seat: Seat, limit: number) {
    if ((this.#byUser.get(seat.userId)?.size ?? 0) >= limit) return "full";
    this.#put(seat, undefined);
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

  async connections({ cursor, limit, userId, namespace }: Parameters<Overview["connections"]>[0]) {
    const [after] = cursor === undefined ? [] : decodeCursor(cursor, 1);
    const found = smallestAfter(this.#matching(userId, namespace), after, limit + 1);
    const page = found.slice(0, limit);
    const connections = page.flatMap((key) => this.#connections.get(key) ?? []).map((record) => this.#located(record));
    return { connections, nextCursor: found.length > limit ? encodeCursor(page.at(-1) ?? "") : null };
  }

  async connection(id: ConnectionRecord["connectionId"]) {
    const record = this.#connections.get(this.#keys.get(id) ?? "");
    return record && this.#located(record);
  }

  async connectionsOf(userId: UserId): Promise<number> {
    return this.#byUser.get(userId)?.size ?? 0;
  }

  async rooms({ cursor, limit, prefix = "" }: Parameters<Overview["rooms"]>[0]) {
    const [after] = cursor === undefined ? [] : decodeCursor(cursor, 1);
    const found = smallestAfter(this.#roomsWith(prefix), after, limit + 1) as RoomName[];
    const page = found.slice(0, limit);
    const rooms = page.map((room) => ({ room, connections: this.#rooms.get(room) ?? 0 }));
    return { rooms, nextCursor: found.length > limit ? encodeCursor(page.at(-1) ?? "") : null };
  }

  async connectionsIn(room: RoomName): Promise<number> {
    return this.#rooms.get(room) ?? 0;
  }

  *#matching(userId: UserId | undefined, namespace: ConnectionRecord["namespace"] | undefined): Iterable<string> {
    for (const key of userId === undefined ? this.#connections.keys() : (this.#byUser.get(userId) ?? [])) {
      const record = this.#connections.get(key);
      if (record && (namespace === undefined || record.namespace === namespace)) yield key;
    }
  }

  *#roomsWith(prefix: string): Iterable<string> {
    for (const room of this.#rooms.keys()) if (room.startsWith(prefix)) yield room;
  }

  #located(record: ConnectionRecord) {
    return { ...record, instanceId: this.#instanceId };
  }

  #put(seat: Seat, record: ConnectionRecord | undefined): void {
    const key = keyOf(seat);
    this.#connections.set(key, record);
    this.#keys.set(seat.connectionId, key);
    this.#byUser.set(seat.userId, (this.#byUser.get(seat.userId) ?? new Set()).add(key));
  }

  #remove(seat: Seat): void {
    const key = keyOf(seat);
    this.#connections.delete(key);
    this.#keys.delete(seat.connectionId);
    const others = this.#byUser.get(seat.userId);
    others?.delete(key);
    if (others?.size === 0) this.#byUser.delete(seat.userId);
  }

  #forget(): void {
    for (const kept of [this.#connections, this.#keys, this.#byUser, this.#rooms]) kept.clear();
  }
}
