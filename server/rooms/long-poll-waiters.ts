import type { Envelope } from "../../shared/envelope.ts";
import type { Audiences } from "../deliver/channel-matcher.ts";
import type { Outlet } from "../deliver/sink.ts";
import type { Audience } from "../session/channel.ts";

/** What ended a wait. */
export type Woken = "event" | "over";

/** Requests that wait for an event of an audience: a way out that wakes them, and leaves the reading to them. */
export class Waiters implements Outlet {
  readonly #audiences: Audiences;
  readonly #waiting = new Map<Audience, Set<() => void>>();
  /** What ends each wait, with its end. */
  readonly #all = new Map<() => void, Promise<Woken>>();
  #isOver = false;

  constructor({ audiences }: { audiences: Audiences }) {
    this.#audiences = audiences;
  }

  deliver({ position }: Pick<Envelope, "position">, audiences: readonly Audience[]): void {
    // What is in no log is not there to be read.
    if (!position) return;
    for (const audience of audiences) for (const wake of [...(this.#waiting.get(audience) ?? [])]) wake();
  }

  /** From this moment on; for so many milliseconds at most, or until `signal` or `endAll`. */
  wait(audiences: readonly Audience[], ms: number, signal: AbortSignal): Promise<Woken> {
    if (this.#isOver || signal.aborted) return Promise.resolve("over");
    let over = () => {};
    const woken = new Promise<Woken>((resolve) => {
      const end = (woken: Woken) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", over);
        this.#all.delete(over);
        for (const audience of audiences) this.#leave(audience, wake);
        resolve(woken);
      };
      const wake = () => end("event");
      over = () => end("over");
      const timer = setTimeout(over, ms);
      signal.addEventListener("abort", over);
      for (const audience of audiences) this.#enter(audience, wake);
    });
    this.#all.set(over, woken);
    return woken;
  }

  /** Those who wait now do so for as many milliseconds more as each is given. Resolves when nobody does, now or later. */
  async letGo(afterMs: () => number): Promise<void> {
    this.#isOver = true;
    const waits = [...this.#all].map(async ([over, woken]) => {
      const timer = setTimeout(over, afterMs());
      await woken;
      clearTimeout(timer);
    });
    await Promise.all(waits);
  }

  /** Nobody waits any longer, now or later. */
  endAll(): void {
    this.#isOver = true;
    for (const over of [...this.#all.keys()]) over();
  }

  #enter(audience: Audience, wake: () => void): void {
    this.#waiting.set(audience, (this.#waiting.get(audience) ?? new Set()).add(wake));
    this.#audiences.entered(audience);
  }

  #leave(audience: Audience, wake: () => void): void {
    const waiting = this.#waiting.get(audience);
    if (!waiting?.delete(wake)) return;
    if (waiting.size === 0) this.#waiting.delete(audience);
    this.#audiences.left(audience);
  }
}
