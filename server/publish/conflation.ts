/**
 * Passes the first item of a kind on at once, then the newest of those within `windowMs`, at the end of the window:
 *
 *   in    a1 a2 a3 .  .  .  a4 .  .       b1
 *   out   a1    .  .  a3 .  .  a4          b1
 */
export class Conflation<Item> {
  readonly #windows = new Map<string, { waiting: Item | undefined; timer: NodeJS.Timeout }>();
  readonly #windowMs: number;
  readonly #emit: (item: Item) => void;
  readonly #superseded: () => void;

  /** `superseded` is called for each item that is dropped. */
  constructor(windowMs: number, emit: (item: Item) => void, superseded: () => void = () => {}) {
    this.#windowMs = windowMs;
    this.#emit = emit;
    this.#superseded = superseded;
  }

  add(kind: string, item: Item): void {
    const window = this.#windows.get(kind);
    if (!window) return this.#open(kind, item);
    if (window.waiting !== undefined) this.#superseded();
    window.waiting = item;
  }

  /** Drops the items that are waiting. */
  close(): void {
    for (const { timer } of this.#windows.values()) clearTimeout(timer);
    this.#windows.clear();
  }

  #open(kind: string, item: Item): void {
    this.#windows.set(kind, {
      waiting: undefined,
      timer: setTimeout(() => this.#end(kind), this.#windowMs).unref(),
    });
    this.#emit(item);
  }

  #end(kind: string): void {
    const waiting = this.#windows.get(kind)?.waiting;
    this.#windows.delete(kind);
    if (waiting !== undefined) this.#open(kind, waiting);
  }
}
