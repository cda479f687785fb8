import type { Position } from "../../../shared/position.ts";
import type { LogName } from "../../../shared/room.ts";

/** Logs whose last position an instance remembers. */
const capacity = 100_000;

/** The last position of each log that was seen here: what gives away that the store has lost the end of one. */
export class KnownPositions {
  /** Oldest news first. */
  readonly #positions = new Map<LogName, Position>();

  get(name: LogName): Position | undefined {
    return this.#positions.get(name);
  }

  note(name: LogName, position: Position): void {
    // Of an empty log there is no end to lose; there is one for each user who ever connected.
    if (position.offset === 0) return;
    const before = this.#positions.get(name);
    if (before?.epoch === position.epoch && before.offset >= position.offset) return;
    this.#positions.delete(name);
    this.#positions.set(name, position);
    if (this.#positions.size > capacity) this.#forgetSome();
  }

  /** Many at once: the first key of a map is the slower to find the more were deleted before it. */
  #forgetSome(): void {
    let excess = capacity / 10;
    for (const name of this.#positions.keys()) {
      if (excess-- <= 0) return;
      this.#positions.delete(name);
    }
  }
}
