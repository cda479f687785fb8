/**
 * Commands of one connection about one resource, in order: each begins when the previous one has ended. Of commands
 * that only append to a log, the next begins as soon as the previous one is sequenced, which is when nothing begun
 * later can come before it in the log; so many are written together:
 *
 *   message ─ sequenced ──────── stored ─┐
 *            └─ message ─ sequenced ─ stored ─┐
 *                                             └─ join ─ ended ─┐
 *                                                              └─ message …
 */
export class CommandQueue {
  readonly #waiting: { adds: boolean; begin(): void }[] = [];
  readonly #emptied: () => void;
  #running = 0;
  /** The command begun last is neither sequenced nor ended. */
  #isBlocked = false;

  /** `emptied` is called when no command runs or waits any more. */
  constructor(emptied: () => void) {
    this.#emptied = emptied;
  }

  /** `adds`: the command only appends to a log, and `work` calls `sequenced` once its place in the log is certain. */
  run<T>(adds: boolean, work: (sequenced: () => void) => Promise<T>): Promise<T> {
    if (this.#waiting.length === 0 && this.#mayBegin(adds)) return this.#begin(adds, work);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ adds, begin: () => void this.#begin(adds, work).then(resolve, reject) });
    });
  }

  /** Resolves when all commands added before have ended. */
  idle(): Promise<void> {
    return this.run(false, async () => {});
  }

  #mayBegin(adds: boolean): boolean {
    return this.#running === 0 || (adds && !this.#isBlocked);
  }

  async #begin<T>(adds: boolean, work: (sequenced: () => void) => Promise<T>): Promise<T> {
    let blocks = true;
    const release = () => {
      if (blocks) this.#isBlocked = false;
      blocks = false;
    };
    this.#running++;
    this.#isBlocked = true;
    try {
      return await work(() => {
        if (!adds) return;
        release();
        this.#beginNext();
      });
    } finally {
      release();
      this.#running--;
      this.#beginNext();
      if (this.#running === 0) this.#emptied();
    }
  }

  #beginNext(): void {
    for (let next = this.#waiting[0]; next && this.#mayBegin(next.adds); next = this.#waiting[0]) {
      this.#waiting.shift();
      next.begin();
    }
  }
}
