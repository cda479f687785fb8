import type { RoomName } from "../../shared/room.ts";

/** How many of this instance's connections are in each room, and for which of them that has changed. */
export class RoomCounts {
  readonly #counts = new Map<RoomName, number>();
  #changed = new Set<RoomName>();
  #onChange: () => void = () => {};

  /** To be told when something has changed, once until the changes are taken. */
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

  /** Rooms that somebody is in. */
  get size(): number {
    return this.#counts.size;
  }

  /** The rooms that have changed since this was called before. */
  takeChanges(): [RoomName, number][] {
    const changed = this.#changed;
    this.#changed = new Set();
    return [...changed].map((room) => [room, this.#counts.get(room) ?? 0]);
  }

  /** All of them; nothing counts as changed any more. */
  takeAll(): [RoomName, number][] {
    this.#changed.clear();
    return [...this.#counts];
  }

  #note(room: RoomName): void {
    this.#changed.add(room);
    if (this.#changed.size === 1) this.#onChange();
  }
}
