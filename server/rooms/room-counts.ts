import type { RoomName } from "../../shared/room.ts";
import { CountsByKey } from "../runtime/counts-by-key.ts";

/** The number of this instance's connections in each room, and which numbers have changed. */
export class RoomCounts {
  readonly #counts = new CountsByKey<RoomName>();
  #changed = new Set<RoomName>();
  #onChange: () => void = () => {};

  /** The listener is called when a number changes, once until the changes are taken. */
  whenChanged(listener: () => void): void {
    this.#onChange = listener;
  }

  entered(room: RoomName): void {
    this.#counts.increment(room);
    this.#note(room);
  }

  left(room: RoomName): void {
    this.#counts.decrement(room);
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
