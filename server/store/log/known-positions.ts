import { LRUCache } from "lru-cache";
import type { Position } from "../../../shared/position.ts";
import type { LogName } from "../../../shared/room.ts";
import { atMostItems } from "../../runtime/at-most-items.ts";

/** The last position of each log that was seen here: what gives away that the store has lost the end of one. */
export class KnownPositions {
  readonly #positions = new LRUCache<LogName, Position>(atMostItems(100_000));

  get(name: LogName): Position | undefined {
    return this.#positions.get(name);
  }

  note(name: LogName, position: Position): void {
    // Of an empty log there is no end to lose; there is one for each user who ever connected.
    if (position.offset === 0) return;
    const before = this.#positions.get(name);
    if (before?.epoch === position.epoch && before.offset >= position.offset) return;
    this.#positions.set(name, position);
  }
}
