import { LRUCache } from "lru-cache";
import type { Position } from "../../../shared/position.ts";
import type { LogName } from "../../../shared/room.ts";
import { atMostItems } from "../../runtime/at-most-items.ts";

/**
 * The last position of each log that this instance has seen. A log that ends before it has lost its tail: Redis was
 * restarted from an older state, or a replica that lagged behind took over.
 */
export class KnownPositions {
  readonly #positions = new LRUCache<LogName, Position>(atMostItems(100_000));

  get(name: LogName): Position | undefined {
    return this.#positions.get(name);
  }

  note(name: LogName, position: Position): void {
    // An empty log has no tail to lose, and there is one for each user who has ever connected.
    if (position.offset === 0) return;
    const before = this.#positions.get(name);
    if (before?.epoch === position.epoch && before.offset >= position.offset) return;
    this.#positions.set(name, position);
  }
}
