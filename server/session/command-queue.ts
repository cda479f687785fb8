/**
 * Commands of one connection about one thing, in the order in which they came: each is begun when the one before has
 * ended. Of those that only add to a log, the next is begun as soon as the one before has its place there, so that many
 * are kept in one go:
 *
 *   message ─ placed ─────── kept ─┐
 *            └─ message ─ placed ─ kept ─┐
 *                                        └─ join ─ ended ─┐
 *                                                         └─ message …
 */
export class CommandQueue {
  readonly #waiting: { adds: boolean; begin(): void }[] = [];
  readonly #emptied: () => void;
  #running = 0;
  /** What was begun last has neither a place nor an end. */
  #isHeld = false;

  /** `emptied` is called whenever nothing runs or waits any more. */
  constructor(emptied: () => void) {
    this.#emptied = emptied;
  }

  /** `adds`: all that it does is to add to a log. It calls `placed` when nothing that is begun later can come before it. */
  run<T>(adds: boolean, work: (placed: () => void) => Promise<T>): Promise<T> {
    if (this.#waiting.length === 0 && this.#mayBegin(adds)) return this.#begin(adds, work);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ adds, begin: () => void this.#begin(adds, work).then(resolve, reject) });
    });
  }

  /** Resolves when all that was to be run until now has ended. */
  idle(): Promise<void> {
    return this.run(false, async () => {});
  }

  #mayBegin(adds: boolean): boolean {
    return this.#running === 0 || (adds && !this.#isHeld);
  }

  async #begin<T>(adds: boolean, work: (placed: () => void) => Promise<T>): Promise<T> {
    let holds = true;
    const letGo = () => {
      if (holds) this.#isHeld = false;
      holds = false;
    };
    this.#running++;
    this.#isHeld = true;
    try {
      return await work(() => {
        if (!adds) return;
        letGo();
        this.#goOn();
      });
    } finally {
      letGo();
      this.#running--;
      this.#goOn();
      if (this.#running === 0) this.#emptied();
    }
  }

  #goOn(): void {
    for (let next = this.#waiting[0]; next && this.#mayBegin(next.adds); next = this.#waiting[0]) {
      this.#waiting.shift();
      next.begin();
    }
  }
}
