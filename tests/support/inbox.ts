import { nextTurn, within } from "./within.ts";

interface Waiter {
  isDone(): boolean;
  resolve(): void;
}

/** Everything that a client heard, in order. */
export class Inbox {
  readonly all: { name: string; data: unknown }[] = [];
  readonly #named = new Map<string, unknown[]>();
  readonly #taken = new Map<string, number>();
  readonly #waiters = new Set<Waiter>();

  put(name: string, data: unknown): void {
    this.all.push({ name, data });
    this.#allOf(name).push(data);
    for (const waiter of this.#waiters) {
      if (!waiter.isDone()) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  /** All of a name so far, taken or not. */
  of<T>(name: string): T[] {
    return [...this.#allOf(name)] as T[];
  }

  /** The next `count` of a name that were not taken before; waits for them. */
  async next<T>(name: string, count: number): Promise<T[]> {
    const from = this.#taken.get(name) ?? 0;
    const heard = this.#allOf(name);
    await this.until(() => heard.length >= from + count, `${count} more ${name}`);
    this.#taken.set(name, from + count);
    return this.of<T>(name).slice(from, from + count);
  }

  async one<T>(name: string): Promise<T> {
    const [only] = await this.next<T>(name, 1);
    return only as T;
  }

  /** Waits until something holds of what was heard. */
  async until(isDone: () => boolean, what: string): Promise<void> {
    if (isDone()) return;
    const done = new Promise<void>((resolve) => this.#waiters.add({ isDone, resolve }));
    const heard = () =>
      `${what}; heard: ${
        this.all
          .map(({ name, data }) => (typeof data === "string" ? `${name} (${data})` : name))
          .slice(-20)
          .join(", ") || "nothing"
      }`;
    await within(done, heard);
    // What arrived in the same turn has been put too.
    await nextTurn();
  }

  #allOf(name: string): unknown[] {
    const heard = this.#named.get(name) ?? [];
    this.#named.set(name, heard);
    return heard;
  }
}
