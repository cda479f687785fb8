import type { RoomName } from "../../shared/room.ts";

/** The number of this instance's connections in each room, and which numbers have changed. */
export class RoomCounts {
  readonly #counts = new Map<RoomName, number>();
  #changed = new Set<RoomName>();
  #onChange: () => void = () => {};

  /** The listener is called when a number changes, once until the changes are taken. */
  whenChanged(listener: () => void): void {
    this.#onChange = listener;
  }

  entered(room: RoomName): void {
    this.#counts.set(room, (this.#counts.get(room) ?? 0) + 1);
    this.#note(room);
  }

  left(room: RoomName): void {
    const count = (this.#counts.get(room) ?? 0) - 1;
    if (count > 0) this.#counts.set(room, count);
    else this.#counts.delete(room);
    this.#note(room);
  }

  /** The number of rooms with connections. */
  get size(): number {
    return this.#counts.size;
  }

  /** The rooms whose numbers have changed since the last call. */
  takeChanges(): [RoomName, number][] {
    const changed = this.#changed;
    this.#changed = new Set();
    return [...changed].map((room) => [room, this.#counts.get(room) ?? 0]);
  }

  /** All rooms; clears the changes. */
  takeAll(): [RoomName, number][] {
    this.#changed.clear();
    return [...this.#counts];
  }

  #note(room: RoomName): void {
    this.#changed.add(room);
    if (this.#changed.size === 1) this.#onChange();
  }
}
